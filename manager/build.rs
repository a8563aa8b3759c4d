//! Tells cargo what is compiled into the manager beside its sources.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=templates");
}
