//! Tells cargo that the tables are compiled into the manager.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
