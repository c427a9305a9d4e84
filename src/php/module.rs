//! The module: its start, its end, those of each request, and its section of `phpinfo()`.

use ext_php_rs::internal::startup_guard;
use ext_php_rs::prelude::{ModuleBuilder, php_module};
use ext_php_rs::zend::ModuleEntry;
use ext_php_rs::{info_table_end, info_table_header, info_table_row, info_table_start};

use super::globals::GLOBALS;
use super::handle::{Backend, HAS_TLS, Handle};
use super::object::SyncObject;
use super::{announced, errors, ini, plain_files, proxy, rights, signals, sync, value, zend};

/// The entry point, by which PHP finds all else.
#[php_module]
pub fn get_module(module: ModuleBuilder) -> ModuleBuilder {
    module
        .globals(&GLOBALS)
        .startup_function(startup)
        .shutdown_function(shutdown)
        .request_startup_function(request_startup)
        .request_shutdown_function(request_shutdown)
        .post_deactivate_function(after_request)
        .info_function(info)
}

/// Tells this extension from others that are called sync: `scripts/install.sh` looks for it in the file
/// before it replaces or removes one.
const ABOUT: &str = "Sync: one object, shared by PHP programs (not PECL's extension of that name)";

/// Module startup: once per process.
///
/// # Safety
/// Only the engine calls it, once at that time.
unsafe extern "C" fn startup(kind: i32, module: i32) -> i32 {
    /// A module that `dl()` has loaded.
    const TEMPORARY: i32 = 2;
    startup_guard(|| {
        ini::register(module);
        plain_files::watch();
        zend::watch_fibers();
        value::on_made(SyncObject::bind);
        signals::watch(kind == TEMPORARY);
        errors::register()?;
        proxy::register()?;
        sync::register()
    })
}

/// Module shutdown: once for each start of the engine.
///
/// # Safety
/// Only the engine calls it, once at that time.
unsafe extern "C" fn shutdown(_kind: i32, module: i32) -> i32 {
    // A program that embeds PHP lives on: it keeps no file open or mapped, and is not among its writers any more.
    Handle::set_idle_limit(0);
    Handle::close_idle();
    ini::unregister(module);
    0
}

/// The start of a request.
///
/// # Safety
/// Only the engine calls it, once at that time.
unsafe extern "C" fn request_startup(_kind: i32, _module: i32) -> i32 {
    let globals = GLOBALS.get();
    announced::watch();
    if !globals.has_final_rights.get() {
        // In this request it may have others than in the one before.
        Handle::ask_for_rights();
        globals.has_final_rights.set(rights::are_final());
    }
    globals.paths.reset();
    globals.caches.begin_request(ini::cache_size(), zend::serves_requests());
    0
}

/// The end of a request.
///
/// # Safety
/// Only the engine calls it, once at that time.
unsafe extern "C" fn request_shutdown(_kind: i32, _module: i32) -> i32 {
    // Now, while what the request has set by `ini_set()` still counts.
    Handle::set_idle_limit(ini::max_handles());
    // SAFETY: no instruction that uses it runs.
    unsafe { zend::release(GLOBALS.get().scratch.get()) };
    0
}

/// The very end of a request, when no PHP code can run any more.
///
/// # Safety
/// Only the engine calls it, once at that time.
unsafe extern "C" fn after_request() -> i32 {
    let globals = GLOBALS.get();
    // SAFETY: what is still in there went away with the request's memory.
    unsafe { zend::set_undef(globals.scratch.get()) };
    globals.showing.clear();
    value::importing::reset();
    globals.buffers.reset();
    globals.logins.reset();
    globals.caches.end_request();
    zend::forget_tables();
    Handle::close_idle();
    0
}

/// The section of `phpinfo()` and `php --ri sync`.
extern "C" fn info(module: *mut ModuleEntry) {
    info_table_start!();
    info_table_header!("sync", "enabled");
    info_table_row!("About", ABOUT);
    info_table_row!("Version", env!("CARGO_PKG_VERSION"));
    info_table_row!("File format", format!("{}, a stream of MessagePack objects", Handle::format_version()));
    info_table_row!("Servers", if HAS_TLS { "Redis and Valkey, with TLS" } else { "Redis and Valkey, without TLS" });
    let cache = GLOBALS.get().caches.figures();
    info_table_row!(
        "Cache of this thread",
        format!("{} names, {} bytes, {} hits, {} misses", cache.names, cache.bytes, cache.hits, cache.misses)
    );
    info_table_end!();
    // SAFETY: the engine passes the module whose settings are asked for.
    unsafe { ext_php_rs::ffi::display_ini_entries(module) };
}
