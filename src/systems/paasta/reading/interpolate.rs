//! `str.format` of Python, as far as deploy groups use it: names in braces.
//! Source: InstanceConfig.__init__ of paasta_tools/utils.py; errors are those of CPython 3.11.

/// Why a text cannot be formatted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FormatError {
    /// What Python raises.
    Raised(String),
    /// A part of the language that Python knows and that is not read here: `{cluster!r}`.
    Unread(String),
}

/// The text with values instead of the names in braces.
///
/// # Errors
/// What Python raises, or what is not read here.
pub fn format(text: &str, values: &[(&str, &str)]) -> Result<String, FormatError> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let (brace, behind) = rest[at..].split_at(1);
        if let Some(behind) = behind.strip_prefix(brace) {
            out.push_str(brace);
            rest = behind;
            continue;
        }
        if brace == "}" {
            return Err(FormatError::Raised("ValueError: Single '}' encountered in format string".to_owned()));
        }
        if behind.is_empty() {
            return Err(FormatError::Raised("ValueError: Single '{' encountered in format string".to_owned()));
        }
        let Some((name, behind)) = behind.split_once('}') else {
            return Err(FormatError::Raised("ValueError: expected '}' before end of string".to_owned()));
        };
        out.push_str(value(name, values)?);
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

fn value<'v>(name: &str, values: &[(&str, &'v str)]) -> Result<&'v str, FormatError> {
    if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
        return Ok(value);
    }
    if name.contains(['!', ':', '.', '[', '{']) {
        return Err(FormatError::Unread(name.to_owned()));
    }
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        let index = if name.is_empty() { "0" } else { name };
        let message = format!("IndexError: Replacement index {index} out of range for positional args tuple");
        return Err(FormatError::Raised(message));
    }
    Err(FormatError::Raised(format!("KeyError: {}", crate::systems::paasta::schema::quoted(name))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: groups are formatted as CPython 3.11 does. Method: texts and errors that it gave.
    #[test]
    fn names_in_braces_become_their_values() {
        let values = [("cluster", "pnw-prod"), ("instance", "main"), ("service", "s")];
        let formatted = |text: &str| format(text, &values);
        assert_eq!(formatted("{cluster}.{instance}"), Ok("pnw-prod.main".to_owned()));
        assert_eq!(formatted("all"), Ok("all".to_owned()));
        assert_eq!(formatted("{{{service}}}"), Ok("{s}".to_owned()));
        let raised = |text: &str| match formatted(text) {
            Err(FormatError::Raised(message)) => message,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(raised("{region}.all"), "KeyError: 'region'");
        assert_eq!(raised("{}.all"), "IndexError: Replacement index 0 out of range for positional args tuple");
        assert_eq!(raised("{cluster"), "ValueError: expected '}' before end of string");
        assert_eq!(raised("a{"), "ValueError: Single '{' encountered in format string");
        assert_eq!(raised("a}"), "ValueError: Single '}' encountered in format string");
        assert_eq!(formatted("{cluster!r}"), Err(FormatError::Unread("cluster!r".to_owned())));
    }
}
