//! Hands the linker the memory map and the script of cortex-m-rt, so that no setting outside the package is needed.

fn main() {
    // The linker looks in the package's root for memory.x.
    println!("cargo:rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=--nmagic");
    println!("cargo:rerun-if-changed=memory.x");
}
