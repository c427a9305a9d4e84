//! All that touches the Zend engine.
//!
//! [`sync`] is the class and its methods, [`handlers`] what the engine calls for `$sync->x`,
//! [`access`] what both do with the store, [`value`] how values become bytes and bytes values.

mod access;
mod buffers;
mod cache;
mod errors;
mod exclusive;
mod handlers;
mod ini;
mod legacy;
mod moment;
mod nested;
mod object;
mod operation;
mod patch;
mod place;
mod plain_files;
mod signals;
mod sync;
mod value;
mod views;
mod wait;
mod zend;

use std::cell::{RefCell, UnsafeCell};
use std::rc::Rc;

use ext_php_rs::internal::startup_guard;
use ext_php_rs::types::Zval;
use ext_php_rs::zend::{ModuleEntry, ModuleGlobal, ModuleGlobals};
use ext_php_rs::{info_table_end, info_table_header, info_table_row, info_table_start};

use crate::store;

/// What each thread that runs PHP has of its own.
#[derive(Default)]
pub struct Globals {
    buffers: buffers::Buffers,
    /// What the engine operates on for `$sync->n += 1`.
    scratch: UnsafeCell<Zval>,
    /// The Sync object whose values are being read to show it as a whole.
    showing: RefCell<Option<Rc<object::Inside>>>,
}

impl ModuleGlobal for Globals {}

/// This thread's [`Globals`].
pub static GLOBALS: ModuleGlobals<Globals> = ModuleGlobals::new();

/// Tells this extension from others that are called sync: `scripts/install.sh` looks for it in the file
/// before it replaces or removes one.
const ABOUT: &str = "Sync: one object, shared by PHP programs (not PECL's extension of that name)";

/// Module startup: once per process.
pub unsafe extern "C" fn startup(kind: i32, module: i32) -> i32 {
    /// A module that `dl()` has loaded.
    const TEMPORARY: i32 = 2;
    startup_guard(|| {
        ini::register(module);
        plain_files::watch();
        zend::watch_fibers();
        value::on_made(object::SyncObject::bind);
        signals::watch(kind == TEMPORARY);
        errors::register()?;
        nested::register()?;
        sync::register()
    })
}

/// Module shutdown: once per process.
pub unsafe extern "C" fn shutdown(_kind: i32, module: i32) -> i32 {
    ini::unregister(module);
    0
}

/// The start of a request.
pub unsafe extern "C" fn request_startup(_kind: i32, _module: i32) -> i32 {
    signals::watch_functions();
    0
}

/// The end of a request.
pub unsafe extern "C" fn request_shutdown(_kind: i32, _module: i32) -> i32 {
    // Now, while what the request has set by `ini_set()` still counts.
    store::set_idle_limit(ini::max_handles());
    // SAFETY: no instruction that uses it runs.
    unsafe { zend::release(GLOBALS.get().scratch.get()) };
    0
}

/// The very end of a request, when no PHP code can run any more.
pub unsafe extern "C" fn after_request() -> i32 {
    let globals = GLOBALS.get();
    // SAFETY: what is still in there went away with the request's memory.
    unsafe { zend::set_undef(globals.scratch.get()) };
    drop(globals.showing.take());
    value::importing::reset();
    globals.buffers.reset();
    zend::forget_tables();
    store::close_idle();
    0
}

/// The section of `phpinfo()` and `php --ri sync`.
pub extern "C" fn info(module: *mut ModuleEntry) {
    info_table_start!();
    info_table_header!("sync", "enabled");
    info_table_row!("About", ABOUT);
    info_table_row!("Version", env!("CARGO_PKG_VERSION"));
    info_table_row!("File format", format!("{}, a stream of MessagePack objects", store::FORMAT_VERSION));
    info_table_end!();
    // SAFETY: the engine passes the module whose settings are asked for.
    unsafe { ext_php_rs::ffi::display_ini_entries(module) };
}
