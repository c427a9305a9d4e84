//! PHP's functions that can change what a path means, who may open it, or what is done with signals: the store is told, so that
//! the very next statement looks. And those by which a program hears from others, who may just have done such a thing: the next
//! new object asks the kernel. What nobody announces (native code, another process in silence) is noticed within a clock tick.

use std::sync::atomic::{AtomicPtr, Ordering};
use std::{mem, ptr};

use ext_php_rs::ffi::{self, zend_execute_data, zval};

use super::globals::GLOBALS;
use super::handle::Handle;
use super::zend;

type Function = unsafe extern "C" fn(*mut zend_execute_data, *mut zval);

/// Functions, and for each the one that takes its place.
macro_rules! functions {
    (@each $ours:ident [$($done:tt)*] [$number:expr]) => { [$($done)*] };
    (@each $ours:ident [$($done:tt)*] [$number:expr] $name:literal $($rest:literal)*) => {
        functions!(@each $ours [$($done)* ($name, $ours::<{ $number }> as Function),] [$number + 1] $($rest)*)
    };
    ($ours:ident $($name:literal)*) => { functions!(@each $ours [] [0] $($name)*) };
}

const CHANGING: &[(&str, Function)] = &functions!(
    then_look
    // Signals.
    "pcntl_signal" "pcntl_sigprocmask" "pcntl_signal_dispatch"
    // The user, and what it may do.
    "posix_setuid" "posix_seteuid" "posix_setgid" "posix_setegid" "posix_initgroups"
    "chmod" "chown" "chgrp" "lchown" "lchgrp"
    // The meaning of a path: `unlink` and `rename` are in `plain_files`.
    "chdir" "chroot" "link" "symlink" "move_uploaded_file" "pcntl_unshare" "pcntl_setns"
    // Programs that have run: they may have done any of this.
    "exec" "passthru" "pclose" "pcntl_wait" "pcntl_waitid" "pcntl_waitpid" "proc_close" "proc_get_status" "shell_exec" "system"
);

const HEARING: &[(&str, Function)] = &functions!(
    then_ask
    "file" "file_get_contents" "fopen" "readfile" "curl_exec" "curl_multi_exec" "curl_multi_select"
    "fgetc" "fgetcsv" "fgets" "fpassthru" "fread" "fscanf" "readline" "stream_get_contents" "stream_get_line" "stream_copy_to_stream"
    "stream_select" "stream_socket_accept" "stream_socket_recvfrom"
    "socket_accept" "socket_read" "socket_recv" "socket_recvfrom" "socket_recvmsg" "socket_select"
    "flock" "msg_receive" "sem_acquire" "pcntl_sigtimedwait" "pcntl_sigwaitinfo"
    "sleep" "time_nanosleep" "time_sleep_until" "usleep"
);

static CHANGED: [AtomicPtr<()>; CHANGING.len()] = [const { AtomicPtr::new(ptr::null_mut()) }; CHANGING.len()];
static HEARD: [AtomicPtr<()>; HEARING.len()] = [const { AtomicPtr::new(ptr::null_mut()) }; HEARING.len()];

/// Puts itself before these functions, where there are any. Called when a request starts, as all modules are there by then; each
/// thread has a table of its own, and once is enough.
pub fn watch() {
    if GLOBALS.get().announces.replace(true) {
        return;
    }
    stand_before(CHANGING, &CHANGED);
    stand_before(HEARING, &HEARD);
}

fn stand_before(functions: &[(&str, Function)], originals: &[AtomicPtr<()>]) {
    for ((name, ours), original) in functions.iter().zip(originals) {
        // SAFETY: the table is the engine's, and lives; internal functions may be shared between threads, so the pointer in
        // them is accessed atomically.
        unsafe {
            let table = (*zend::executor()).function_table;
            let found = ffi::zend_hash_str_find(table, name.as_ptr().cast(), name.len());
            if found.is_null() || u32::from((*(*found).value.func).type_) != ffi::ZEND_INTERNAL_FUNCTION {
                continue;
            }
            let handler = AtomicPtr::from_ptr((&raw mut (*(*found).value.func).internal_function.handler).cast());
            let (before, ours) = (handler.load(Ordering::Relaxed), *ours as *mut ());
            if before != ours {
                original.store(before, Ordering::Release);
                handler.store(ours, Ordering::Release);
            }
        }
    }
}

/// Calls the function, on both sides of which the store is told to look.
///
/// # Safety
/// Only the engine calls it, with the frame of the function and a place for the result.
unsafe extern "C" fn then_look<const N: usize>(frame: *mut zend_execute_data, result: *mut zval) {
    Handle::signals_have_changed();
    // SAFETY: stored before this came to be called in its place; called as the engine would.
    unsafe { mem::transmute::<*mut (), Function>(CHANGED[N].load(Ordering::Acquire))(frame, result) };
    Handle::paths_have_changed();
}

/// Calls the function, after which new objects ask the kernel.
///
/// # Safety
/// Only the engine calls it, with the frame of the function and a place for the result.
unsafe extern "C" fn then_ask<const N: usize>(frame: *mut zend_execute_data, result: *mut zval) {
    // SAFETY: stored before this came to be called in its place; called as the engine would.
    unsafe { mem::transmute::<*mut (), Function>(HEARD[N].load(Ordering::Acquire))(frame, result) };
    Handle::ask_anew();
    // Links on the way may lead elsewhere now, and the working directory have another name.
    GLOBALS.get().paths.reset();
}
