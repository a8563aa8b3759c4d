//! Hands the linker the memory maps and the script of cortex-m-rt, and the firmware the key whose images it takes.

use std::path::Path;

/// The public key of `firmware-key`, which everybody has: for the emulator, and for nothing else.
const KEY_OF_THE_EMULATOR: &str = include_str!("firmware-key.pub");

fn main() {
    for (memory, bins) in
        [("bootloader", ["bootloader"].as_slice()), ("firmware", &["qemu-mps2-an386", "cross-check"])]
    {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("memory").join(memory);
        for bin in bins {
            println!("cargo:rustc-link-arg-bin={bin}=-L{}", place.display());
        }
        println!("cargo:rerun-if-changed={}", place.join("memory.x").display());
    }
    println!("cargo:rustc-link-search={}/memory/machine", env!("CARGO_MANIFEST_DIR"));
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=--nmagic");
    println!("cargo:rerun-if-changed=firmware-key.pub");
    println!("cargo:rerun-if-env-changed=OSTIARY_FIRMWARE_KEY");
    let key = std::env::var("OSTIARY_FIRMWARE_KEY").unwrap_or_else(|_| KEY_OF_THE_EMULATOR.to_owned());
    println!("cargo:rustc-env=OSTIARY_FIRMWARE_KEY={}", key.trim());
}
