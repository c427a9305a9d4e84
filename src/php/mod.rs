//! All that touches the Zend engine.
//!
//! [`sync`] is the class and its methods, [`handlers`] what the engine calls for `$sync->x`,
//! [`access`] what both do with the store, [`value`] how values become bytes and bytes values.

mod access;
mod buffers;
mod cache;
mod errors;
mod handlers;
mod ini;
mod legacy;
mod object;
mod plain_files;
mod sync;
mod value;
mod wait;
mod zend;

use ext_php_rs::internal::startup_guard;
use ext_php_rs::zend::{ModuleEntry, ModuleGlobal, ModuleGlobals};
use ext_php_rs::{info_table_end, info_table_header, info_table_row, info_table_start};

/// What each thread that runs PHP has of its own.
#[derive(Default)]
pub struct Globals {
    buffers: buffers::Buffers,
}

impl ModuleGlobal for Globals {}

/// This thread's [`Globals`].
pub static GLOBALS: ModuleGlobals<Globals> = ModuleGlobals::new();

/// Module startup: once per process.
pub unsafe extern "C" fn startup(_kind: i32, module: i32) -> i32 {
    startup_guard(|| {
        ini::register(module);
        plain_files::watch();
        errors::register()?;
        sync::register()
    })
}

/// The very end of a request, when no PHP code can run any more.
pub unsafe extern "C" fn after_request() -> i32 {
    GLOBALS.get().buffers.reset();
    0
}

/// The section of `phpinfo()` and `php --ri sync`.
pub extern "C" fn info(module: *mut ModuleEntry) {
    info_table_start!();
    info_table_header!("sync", "enabled");
    info_table_row!("Version", env!("CARGO_PKG_VERSION"));
    info_table_row!("File format", "1, a stream of MessagePack objects");
    info_table_end!();
    // SAFETY: the engine passes the module whose settings are asked for.
    unsafe { ext_php_rs::ffi::display_ini_entries(module) };
}
