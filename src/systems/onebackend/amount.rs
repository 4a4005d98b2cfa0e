//! Amounts as deployments write them: CPU and memory as Kubernetes has them, memory of GPUs in GB. What is asked for with them is
//! not known here.
//! Source: the page of Deploy Svc at 1backend/1backend 1305defcf2, docs-source/docs/built-in-services/deploy-svc.md.

use super::model::Resources;
use crate::text::diagnostic::quote;
use crate::text::quantity;

/// What an instance needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Need {
    /// CPU in thousandths of a core.
    pub cpu_milli: u64,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Memory of a GPU in bytes; 0: no GPU.
    pub vram_bytes: u64,
}

impl Need {
    /// True if both ask for something of which a node has only so much.
    pub const fn is_in_the_way_of(&self, other: &Need) -> bool {
        self.cpu_milli > 0 && other.cpu_milli > 0
            || self.memory_bytes > 0 && other.memory_bytes > 0
            || self.vram_bytes > 0 && other.vram_bytes > 0
    }
}

/// Reads what a deployment asks for.
///
/// # Errors
/// Which amount is none; the client takes any text.
pub fn need(resources: Option<&Resources>) -> Result<Need, String> {
    let Some(resources) = resources else { return Ok(Need::default()) };
    let read = |key: &str, text: &str, by: fn(&str) -> Result<u64, String>| match text {
        "" => Ok(0),
        text => by(text).map_err(|error| match error.as_str() {
            quantity::NEGATIVE => format!("resources.{key} {} is negative", quote(text)),
            error => format!("resources.{key} {} is {error}", quote(text)),
        }),
    };
    Ok(Need {
        cpu_milli: read("cpu", &resources.cpu, quantity::milli)?,
        memory_bytes: read("memory", &resources.memory, quantity::units)?,
        vram_bytes: read("vram", &resources.vram, vram)?,
    })
}

/// `24GB`: thousands, as makers of GPUs write them and less than the same number of GiB; `24Gi` and `24GiB` too.
fn vram(text: &str) -> Result<u64, String> {
    quantity::units(text.strip_suffix('B').unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_the_page_are_read() {
        let resources = |cpu: &str, memory: &str, vram: &str| Resources {
            cpu: cpu.to_owned(),
            memory: memory.to_owned(),
            vram: vram.to_owned(),
        };
        let expected = Need { cpu_milli: 2500, memory_bytes: 512_000_000, vram_bytes: 24_000_000_000 };
        assert_eq!(need(Some(&resources("2.5", "512M", "24GB"))), Ok(expected));
        let expected = Need { cpu_milli: 500, memory_bytes: 256 << 20, vram_bytes: 80 << 30 };
        assert_eq!(need(Some(&resources("500m", "256Mi", "80GiB"))), Ok(expected));
        assert_eq!(need(None), Ok(Need::default()));
        let told = need(Some(&resources("two", "", ""))).expect_err("no amount");
        assert!(told.starts_with("resources.cpu `two` is not an amount"), "{told}");
        let told = need(Some(&resources("", "", "-1GB"))).expect_err("no amount");
        assert_eq!(told, "resources.vram `-1GB` is negative");
    }
}
