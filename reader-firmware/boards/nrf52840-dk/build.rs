//! Hands the linker the memory map and the script of cortex-m-rt, so that no setting outside the package is needed.

/// Whose images the measuring firmware takes, which it is never given.
const KEY_OF_THE_EMULATOR: &str = include_str!("../qemu-mps2-an386/firmware-key.pub");

fn main() {
    // The linker looks in the package's root for memory.x.
    println!("cargo:rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=--nmagic");
    println!("cargo:rerun-if-changed=memory.x");
    println!("cargo:rustc-env=OSTIARY_FIRMWARE_KEY={}", KEY_OF_THE_EMULATOR.trim());
}
