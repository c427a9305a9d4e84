//! Link options of `sync.so`, and the PHP versions that `src/php` is compiled for.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        // The SIGBUS handler, the fork handlers and the wrapped stream operations point into the
        // library: `dlclose` must not take them away.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
