//! Writes the bindings from the library.

fn main() {
    uniffi::uniffi_bindgen_main()
}
