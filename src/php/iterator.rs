//! `foreach` over a Sync object: all of one moment of the store (but for long values in a loop that has no memory
//! for all of them: [`super::moment`]).

use std::mem::MaybeUninit;
use std::os::raw::c_int;
use std::ptr;

use ext_php_rs::ffi::{
    self, HashTable, IS_UNDEF, zend_class_entry, zend_object_iterator, zend_object_iterator_funcs, zval,
};

use super::errors::contain;
use super::handle::Selection;
use super::moment::{Extent, Moment};
use super::object::SyncObject;
use super::retry::Stop;
use super::views::refuse_references;
use super::whole;
use super::zend::{self, Held, Local, Object, Slot, Str, Thrown};

/// A cursor over one moment of the store. Values are decoded when they are asked for.
#[repr(C)]
struct Cursor {
    iterator: zend_object_iterator,
    content: Option<Content>,
    at: usize,
    /// The value at `at`, once it was asked for.
    current: zval,
}

/// The content that the cursor walks over.
enum Content {
    Store(Moment),
    /// A file of the pure-PHP class: an object with its names and values.
    Legacy(Held<Object>),
}

impl Content {
    fn of(this: &SyncObject) -> Result<Self, Thrown> {
        match Moment::of(this, &Selection::All, Extent::Fitting) {
            Ok(moment) => Ok(Self::Store(moment)),
            Err(Stop::Thrown) => Err(Thrown),
            Err(Stop::Legacy) => Ok(Self::Legacy(whole::as_std_class(this)?)),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Store(moment) => moment.len(),
            Self::Legacy(data) => data.properties().len(),
        }
    }

    /// Whether the value at a place is still where it was found.
    fn is_behind(&self, at: usize) -> bool {
        match self {
            Self::Store(moment) => moment.is_behind(at),
            Self::Legacy(_) => false,
        }
    }

    fn name(&self, at: usize) -> Option<Str> {
        match self {
            Self::Store(moment) => moment.name(at),
            Self::Legacy(data) => data.properties().elements().nth(at).map(|(name, _)| name.text()),
        }
    }

    fn value(&self, this: &SyncObject, at: usize, mut into: Slot) -> Result<bool, Thrown> {
        match self {
            Self::Store(moment) => moment.value(this, at, into).map(|sharing| sharing.is_some()),
            Self::Legacy(data) => {
                match data.properties().values().nth(at) {
                    Some(value) => into.copy(value),
                    None => into.set_null(),
                }
                Ok(true)
            }
        }
    }
}

static FUNCTIONS: zend_object_iterator_funcs = zend_object_iterator_funcs {
    dtor: Some(cursor_free),
    valid: Some(cursor_valid),
    get_current_data: Some(cursor_value),
    get_current_key: Some(cursor_name),
    move_forward: Some(cursor_next),
    rewind: Some(cursor_rewind),
    invalidate_current: Some(cursor_forget),
    get_gc: Some(cursor_gc),
};

/// `foreach ($sync as $name => $value)`
///
/// # Safety
/// Only the engine calls it, as a handler: with an object of this class, and values that live until it returns.
pub unsafe extern "C" fn get_iterator(
    _class: *mut zend_class_entry,
    object: *mut zval,
    by_reference: c_int,
) -> *mut zend_object_iterator {
    contain(ptr::null_mut(), || {
        if by_reference != 0 {
            refuse_references();
            return ptr::null_mut();
        }
        // SAFETY: the engine passes a value with an object of ours. The iterator is an object of
        // the engine's own kind, with room for what is ours behind; all fields are initialised.
        unsafe {
            let this = SyncObject::of((*object).value.obj);
            if this.instance().is_err() {
                return ptr::null_mut();
            }
            let cursor: *mut Cursor = ext_php_rs::alloc::emalloc(std::alloc::Layout::new::<Cursor>()).cast();
            cursor.cast::<MaybeUninit<Cursor>>().write(MaybeUninit::zeroed());
            ffi::zend_iterator_init(&raw mut (*cursor).iterator);
            zend::copy(&raw mut (*cursor).iterator.data, object);
            (*cursor).iterator.funcs = &raw const FUNCTIONS;
            (&raw mut (*cursor).content).write(None);
            &raw mut (*cursor).iterator
        }
    })
}

impl Cursor {
    /// # Safety
    /// `iterator` was made by [`get_iterator`].
    unsafe fn of<'a>(iterator: *mut zend_object_iterator) -> &'a mut Cursor {
        // SAFETY: the iterator is the first field. The engine calls one function of it at a time.
        unsafe { &mut *iterator.cast() }
    }

    fn this(&self) -> &SyncObject {
        // SAFETY: the iterator holds the object.
        unsafe { SyncObject::of(self.iterator.data.value.obj) }
    }
}

/// Frees an iterator.
///
/// # Safety
/// Only the engine calls it: with an iterator that [`get_iterator`] has made. It is not used again.
unsafe extern "C" fn cursor_free(iterator: *mut zend_object_iterator) {
    contain((), || {
        // SAFETY: the engine passes a cursor, for the last time.
        unsafe {
            let cursor = Cursor::of(iterator);
            drop(cursor.content.take());
            zend::release(&raw mut cursor.current);
            zend::release(&raw mut cursor.iterator.data);
        }
    });
}

/// Whether there is a value at the cursor.
///
/// # Safety
/// Only the engine calls it: with an iterator that [`get_iterator`] has made.
unsafe extern "C" fn cursor_valid(iterator: *mut zend_object_iterator) -> c_int {
    contain(ffi::ZEND_RESULT_CODE_FAILURE, || {
        // SAFETY: the engine passes a cursor, and holds it.
        let cursor = unsafe { Cursor::of(iterator) };
        while let Some(content) = cursor.content.as_ref().filter(|content| cursor.at < content.len()) {
            // A value that was left behind may have been removed: only reading it tells.
            // SAFETY: a value of the cursor's.
            let read = unsafe { zend::kind(&raw const cursor.current) != IS_UNDEF };
            if read || !content.is_behind(cursor.at) {
                return ffi::ZEND_RESULT_CODE_SUCCESS;
            }
            // SAFETY: the engine's cursor, which it holds while user code runs.
            match unsafe { cursor_read(iterator) } {
                Ok(true) => return ffi::ZEND_RESULT_CODE_SUCCESS,
                Ok(false) => cursor.at += 1,
                Err(Thrown) => return ffi::ZEND_RESULT_CODE_FAILURE,
            }
        }
        ffi::ZEND_RESULT_CODE_FAILURE
    })
}

/// Reads the value at which the cursor is; false if it is not there any more.
///
/// # Safety
/// As for [`cursor_valid`].
unsafe fn cursor_read(iterator: *mut zend_object_iterator) -> Result<bool, Thrown> {
    // SAFETY: callers pass a cursor that the engine holds. Reading may run code that starts it again, so nothing
    // of it is kept across that.
    unsafe {
        let cursor = Cursor::of(iterator);
        let (at, mut value) = (cursor.at, Local::new());
        let Some(content) = &cursor.content else { return Ok(true) };
        let there = content.value(cursor.this(), at, value.slot())?;
        if there {
            zend::swap(&raw mut cursor.current, value.as_ptr());
        }
        Ok(there)
    }
}

/// The value at the cursor.
///
/// # Safety
/// Only the engine calls it: with an iterator that [`get_iterator`] has made.
unsafe extern "C" fn cursor_value(iterator: *mut zend_object_iterator) -> *mut zval {
    contain(ptr::null_mut(), || {
        // SAFETY: the engine passes a cursor, and holds it.
        unsafe {
            let cursor = Cursor::of(iterator);
            if zend::kind(&raw const cursor.current) == IS_UNDEF && cursor.content.is_some() {
                match cursor_read(iterator) {
                    Ok(true) => {}
                    // Nobody has asked whether it is there.
                    Ok(false) => zend::set_null(&raw mut cursor.current),
                    Err(Thrown) => return ptr::null_mut(),
                }
            }
            &raw mut cursor.current
        }
    })
}

/// The name at the cursor.
///
/// # Safety
/// Only the engine calls it: with an iterator that [`get_iterator`] has made.
unsafe extern "C" fn cursor_name(iterator: *mut zend_object_iterator, name: *mut zval) {
    contain((), || {
        // SAFETY: the engine passes a cursor, and a slot for the name.
        unsafe {
            let cursor = Cursor::of(iterator);
            match cursor.content.as_ref().and_then(|content| content.name(cursor.at)) {
                Some(string) => zend::set_string(name, string),
                None => zend::set_null(name),
            }
        }
    });
}

/// Moves the cursor on.
///
/// # Safety
/// Only the engine calls it: with an iterator that [`get_iterator`] has made.
unsafe extern "C" fn cursor_next(iterator: *mut zend_object_iterator) {
    // SAFETY: the engine passes a cursor.
    unsafe {
        cursor_forget(iterator);
        Cursor::of(iterator).at += 1;
    }
}

/// Starts again.
///
/// # Safety
/// Only the engine calls it: with an iterator that [`get_iterator`] has made.
unsafe extern "C" fn cursor_rewind(iterator: *mut zend_object_iterator) {
    contain((), || {
        // SAFETY: the engine passes a cursor, and holds it.
        unsafe {
            cursor_forget(iterator);
            let cursor = Cursor::of(iterator);
            cursor.at = 0;
            // A cursor that starts again starts with what is there now.
            cursor.content = None;
            let content = Content::of(cursor.this()).ok();
            Cursor::of(iterator).content = content;
        }
    });
}

/// Forgets the value at the cursor.
///
/// # Safety
/// Only the engine calls it: with an iterator that [`get_iterator`] has made.
unsafe extern "C" fn cursor_forget(iterator: *mut zend_object_iterator) {
    // SAFETY: the engine passes a cursor.
    unsafe { zend::release(&raw mut Cursor::of(iterator).current) };
}

/// The values for the garbage collector.
///
/// # Safety
/// Only the engine calls it: with an iterator that [`get_iterator`] has made.
unsafe extern "C" fn cursor_gc(
    iterator: *mut zend_object_iterator,
    table: *mut *mut zval,
    n: *mut c_int,
) -> *mut HashTable {
    // SAFETY: the engine passes a cursor and places for the answer.
    unsafe {
        *table = &raw mut Cursor::of(iterator).iterator.data;
        *n = 1;
    }
    ptr::null_mut()
}
