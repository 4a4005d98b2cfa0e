//! What an image needs to know of its program, read from its ELF header (`man 5 elf`): that it needs no loader, which an image
//! with one file does not have, and that it is for the right processor.

/// `p_type` of the program header that names a loader.
const PT_INTERP: u32 = 3;

/// `e_machine` of the processors, by Go's names.
const MACHINES: [(&str, u16); 2] = [("amd64", 62), ("arm64", 183)];

/// Fails unless the program is a 64-bit, little-endian ELF file for this processor that needs no loader.
pub fn check_static(program: &[u8], architecture: &str) -> Result<(), String> {
    if program.get(..6) != Some(b"\x7fELF\x02\x01") {
        return Err("the program is not a 64-bit little-endian ELF file".into());
    }
    let machine = u16::from_le_bytes(bytes(program, 18)?);
    if !MACHINES.contains(&(architecture, machine)) {
        return Err(format!("the program is for machine {machine}, not for {architecture}"));
    }
    let table = u64::from_le_bytes(bytes(program, 32)?);
    let size = u16::from_le_bytes(bytes(program, 54)?);
    let count = u16::from_le_bytes(bytes(program, 56)?);
    for index in 0..u64::from(count) {
        let at = usize::try_from(table.saturating_add(index * u64::from(size))).map_err(|_| cut())?;
        if u32::from_le_bytes(bytes(program, at)?) == PT_INTERP {
            return Err("the program is linked dynamically: an image with one file has no loader".into());
        }
    }
    Ok(())
}

fn bytes<const N: usize>(program: &[u8], at: usize) -> Result<[u8; N], String> {
    program.get(at..).and_then(|rest| rest.first_chunk()).copied().ok_or_else(cut)
}

fn cut() -> String {
    "the program's ELF header is cut".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header with one program header of this type.
    fn program(kind: u32) -> Vec<u8> {
        let mut program = vec![0; 64];
        program[..6].copy_from_slice(b"\x7fELF\x02\x01");
        program[18] = 62;
        program[32] = 64;
        program[54] = 56;
        program[56] = 1;
        program.extend(kind.to_le_bytes());
        program
    }

    #[test]
    fn a_program_with_a_loader_is_refused() {
        assert_eq!(check_static(&program(1), "amd64"), Ok(()));
        assert!(check_static(&program(PT_INTERP), "amd64").expect_err("has a loader").contains("dynamically"));
    }

    #[test]
    fn a_program_for_another_processor_or_none_is_refused() {
        assert!(check_static(&program(1), "arm64").is_err());
        assert!(check_static(b"#!/bin/sh", "amd64").is_err());
        assert!(check_static(&program(1)[..66], "amd64").is_err());
    }

    /// The test itself is linked as Rust links by default on Linux with glibc: dynamically.
    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
    fn a_real_program_is_read() {
        let own = std::fs::read("/proc/self/exe").expect("the test can read itself");
        assert!(check_static(&own, "amd64").expect_err("linked dynamically").contains("dynamically"));
    }
}
