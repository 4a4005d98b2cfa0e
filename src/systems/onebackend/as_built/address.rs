//! URLs of instances as Deploy Svc makes them and the registry dials them, text by text. What a URL leads to is not known here.
//! Sources: 1backend/1backend 1305defcf2b8, server/internal/services/deploy/deploy_loop.go (executeStartCommand),
//! server/internal/services/registry/instance_scan.go (checkPortListening) and registry_service.go; Go 1.24 net/url.

/// A URL in the parts that matter here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Url {
    /// `http`, without the colon.
    pub scheme: String,
    /// The host with its port, if it has one.
    pub host: String,
    /// The path with what follows it; empty or beginning with a slash.
    pub path: String,
}

impl Url {
    /// Reads the URL of a node. A server's own URL gets a scheme if it has none, as registry_service.go has it.
    pub fn parse(text: &str) -> Url {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        Url { scheme: scheme.to_owned(), host: host.to_owned(), path: path.to_owned() }
    }

    /// The port as Go's `Port()` gives it; empty if there is none.
    pub fn port(&self) -> &str {
        let after_bracket = self.host.rfind(']').map_or(0, |at| at + 1);
        match self.host[after_bracket..].rfind(':') {
            Some(colon) => &self.host[after_bracket + colon + 1..],
            None => "",
        }
    }

    /// The host without its port, as Go's `Hostname()` gives it.
    pub fn hostname(&self) -> &str {
        let port = self.port();
        let bare = if port.is_empty() { &self.host } else { &self.host[..self.host.len() - port.len() - 1] };
        bare.strip_prefix('[').and_then(|bare| bare.strip_suffix(']')).unwrap_or(bare)
    }

    /// The URL's text.
    pub fn text(&self) -> String {
        format!("{}://{}{}", self.scheme, self.host, self.path)
    }

    /// The URL of an instance on the node of this URL: the first place in the host where the node's port stands is replaced. That
    /// is the front of the host if the node's URL has no port, and the middle of a host whose name has the port's digits in it.
    pub fn of_instance(&self, host_port: u16) -> Url {
        Url { host: self.host.replacen(self.port(), &host_port.to_string(), 1), ..self.clone() }
    }
}

/// What a scan dials for a URL: the host and the port, or why there is nothing to dial. Only the scheme is taken off, so that a
/// path spoils the port.
pub fn dialled(url: &str) -> Result<(String, u16), String> {
    let address = url.rsplit("://").next().unwrap_or(url);
    let Some((host, port)) = address.rsplit_once(':') else {
        return Err(format!("address {address}: missing port in address"));
    };
    match port.parse::<u16>() {
        Ok(port) => Ok((host.to_owned(), port)),
        Err(_) => Err(format!("lookup tcp/{port}: unknown port")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(node: &str, port: u16) -> String {
        Url::parse(node).of_instance(port).text()
    }

    #[test]
    fn an_instance_has_the_port_of_its_definition() {
        assert_eq!(instance("http://gpu-0:11337", 8080), "http://gpu-0:8080");
        assert_eq!(instance("gpu-0:58231", 8080), "http://gpu-0:8080");
        assert_eq!(instance("http://[::1]:11337", 80), "http://[::1]:80");
        assert_eq!(Url::parse("http://[::1]:11337").hostname(), "::1");
    }

    #[test]
    fn without_a_port_the_number_lands_before_the_host() {
        assert_eq!(instance("https://gpu-0.example.com", 8080), "https://8080gpu-0.example.com");
        assert!(dialled("https://8080gpu-0.example.com").is_err());
    }

    #[test]
    fn a_host_with_the_ports_digits_is_cut() {
        assert_eq!(instance("http://rack80:80", 8443), "http://rack8443:80");
    }

    #[test]
    fn a_path_spoils_the_port() {
        let url = instance("http://gpu-0:11337/api", 8080);
        assert_eq!(url, "http://gpu-0:8080/api");
        assert_eq!(dialled(&url), Err("lookup tcp/8080/api: unknown port".to_owned()));
        assert_eq!(dialled("http://gpu-0:8080"), Ok(("gpu-0".to_owned(), 8080)));
    }
}
