//! Plans, transforms and the sample repository are embedded in the binary: a change to one of them rebuilds it.

fn main() {
    for folder in ["plans", "transforms", "fixtures/netra-mini"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
