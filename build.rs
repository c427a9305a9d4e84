//! Link options of `sync.so`, and the facts about the PHP it is built for that `src/php` needs.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(php_zts, php83, php84)");
    // The SIGBUS handler, the fork handlers and the wrapped stream operations point into the
    // library: `dlclose` must not take them away.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    unwinder();
    php();
}

/// Links the unwinder into the library, so that it needs libc alone. The standard library asks for `-lgcc_s`, and no flag
/// changes that; the linker's script of that name, found first, leads it to the static form of the same code, whose symbols are hidden.
fn unwinder() {
    let folder = std::env::var("OUT_DIR").expect("a folder, from cargo");
    let compiler = cc::Build::new().get_compiler();
    let output = compiler.to_command().arg("-print-file-name=libgcc_eh.a").output();
    let found =
        output.is_ok_and(|output| std::path::Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_absolute());
    if found {
        std::fs::write(format!("{folder}/libgcc_s.so"), "INPUT(-lgcc_eh)\n").expect("a folder that can be written");
        println!("cargo:rustc-link-search=native={folder}");
    }
}

/// Tells a thread-safe PHP from one that is not, and the series in which the engine changed (`src/php/zend/series.rs`); refuses those
/// older than this code knows. `SYNC_CHECK_SERIES=83`: as if it were PHP 8.3, for `cargo check` with the headers of a newer one.
fn php() {
    use ext_php_rs_build::{ApiVersion, PHPInfo, find_php};

    for variable in ["PHP", "PHP_CONFIG", "PATH"] {
        println!("cargo:rerun-if-env-changed={variable}");
    }
    let info = find_php().and_then(|php| PHPInfo::get(&php)).expect("a PHP to build for, on the PATH or named by PHP");
    let api = info.zend_version().and_then(ApiVersion::try_from).expect("a PHP version that ext-php-rs knows");
    assert!(api >= ApiVersion::Php82, "sync needs PHP 8.2 or newer");
    println!("cargo:rerun-if-env-changed=SYNC_CHECK_SERIES");
    let newest = std::env::var("SYNC_CHECK_SERIES").ok();
    // `php83` means: 8.3 or newer.
    for (series, name) in [(ApiVersion::Php83, "php83"), (ApiVersion::Php84, "php84")] {
        if api >= series && newest.as_deref().is_none_or(|newest| name[3..] <= *newest) {
            println!("cargo:rustc-cfg={name}");
        }
    }
    if info.thread_safety().expect("`php -i` says whether PHP is thread-safe") {
        println!("cargo:rustc-cfg=php_zts");
    }
    compile();
}

/// Compiles the C code, which needs PHP's headers.
fn compile() {
    const SOURCE: &str = "src/php/zend/serialization.c";

    println!("cargo:rerun-if-changed={SOURCE}");
    let config = std::env::var("PHP_CONFIG").unwrap_or_else(|_| "php-config".into());
    let output = std::process::Command::new(&config).arg("--includes").output();
    let output = output.unwrap_or_else(|error| panic!("cannot run {config}: {error}"));
    let includes = String::from_utf8(output.stdout).expect("paths that are UTF-8");
    let mut build = cc::Build::new();
    for include in includes.split_whitespace() {
        build.include(include.trim_start_matches("-I"));
    }
    build.file(SOURCE).warnings(false).compile("sync_serialization");
}
