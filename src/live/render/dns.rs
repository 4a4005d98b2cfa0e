//! The names of Services in texts: `vllm.default.svc.cluster.local` in a document's words is
//! `vllm.greenroom-k7f3q2.svc.cluster.local` on the cluster. Only the namespace between the Service and `.svc` is changed, and only
//! for namespaces of the run: `kube-dns.kube-system.svc` stays.

use super::naming::Naming;

/// What comes behind the namespace of a Service.
const SERVICES: &str = ".svc";

impl Naming {
    /// A text of a document in the cluster's names.
    pub fn text_to_cluster(&self, text: &str) -> String {
        replaced(text, |namespace| self.knows_namespace(namespace).then(|| self.namespace(namespace)))
    }

    /// A text of the cluster in the document's names.
    pub fn text_to_document(&self, text: &str) -> String {
        replaced(text, |namespace| {
            let name = self.document_namespace(namespace)?;
            Some(if name.is_empty() { "default" } else { name }.to_owned())
        })
    }
}

/// Replaces the namespace of every Service that a text names.
fn replaced(text: &str, name: impl Fn(&str) -> Option<String>) -> String {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in text.match_indices(SERVICES) {
        let behind = text.as_bytes().get(at + SERVICES.len());
        let begin = at - text.as_bytes()[..at].iter().rev().take_while(|byte| is_part(**byte)).count();
        let service = begin.checked_sub(2).and_then(|before| text.as_bytes().get(before..begin));
        let is_name = service.is_some_and(|end| end[1] == b'.' && is_part(end[0]));
        if !is_name || begin == at || begin < done || behind.is_some_and(|byte| is_part(*byte) || *byte == b'_') {
            continue;
        }
        if let Some(namespace) = name(&text[begin..at]) {
            out.push_str(&text[done..begin]);
            out.push_str(&namespace);
            done = at;
        }
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn naming() -> Naming {
        let mut naming = Naming::new("k7f3q2").expect("an id");
        naming.learn_namespace("shop");
        naming.learn_namespace("a-namespace-whose-name-is-so-long-that-it-is-cut-off");
        naming
    }

    #[test]
    fn changes_the_namespace_and_nothing_else() {
        let naming = naming();
        for (document, cluster) in [
            ("vllm-llama-stack.default.svc.cluster.local", "vllm-llama-stack.greenroom-k7f3q2.svc.cluster.local"),
            (
                "http://web.shop.svc:80/a, db.default.svc",
                "http://web.greenroom-k7f3q2-shop.svc:80/a, db.greenroom-k7f3q2.svc",
            ),
            ("kube-dns.kube-system.svc.cluster.local", "kube-dns.kube-system.svc.cluster.local"),
            ("default.svc and .default.svc and a.default.svcs", "default.svc and .default.svc and a.default.svcs"),
            ("a.default.svc.default.svc", "a.greenroom-k7f3q2.svc.greenroom-k7f3q2.svc"),
        ] {
            assert_eq!(naming.text_to_cluster(document), cluster);
            assert_eq!(naming.text_to_document(cluster), document);
        }
    }

    proptest! {
        /// Texts lead back, whatever stands around the names in them.
        #[test]
        fn texts_lead_back(pieces in prop::collection::vec(
            prop::sample::select(vec![
                "web", ".", "default", "shop", ".svc", ".cluster.local", ":80", "/", " ", "kube-system", "ü",
                "a-namespace-whose-name-is-so-long-that-it-is-cut-off",
            ]), 0..12))
        {
            let (naming, text) = (naming(), pieces.concat());
            prop_assert_eq!(naming.text_to_document(&naming.text_to_cluster(&text)), text);
        }
    }
}
