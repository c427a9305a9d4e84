//! The results of operations, and the remedies for their failures.

use std::fmt::{Debug, Display};

use super::{Held, Unread};

/// The number of first bytes of a value that a store gives to tell the value's kind.
pub const PEEK: usize = 16;

/// The result of looking a key up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// No such key, or no store yet.
    Missing,
    /// The same value as when the version was last brought up to date; the buffer was not touched.
    Unchanged,
    /// A value; its bytes are in the buffer.
    Value,
    /// The value that the version stood for continues with the bytes in the buffer. A store that cannot tell answers
    /// [`Found::Value`].
    Appended,
    /// A long value that was left in the store; its first bytes are in the buffer. Only where the caller set a limit.
    Long(Box<Unread>),
}

/// The result of looking at the start of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peeked {
    /// No such key, or no store yet.
    Missing,
    /// The same value as when the version was last brought up to date.
    Unchanged,
    /// A value that nothing was appended to; its first bytes are in the buffer.
    Whole,
    /// A value that was appended to, and the note of the last append.
    Noted(i64),
}

/// The note of the last append, where the value is a list of so many elements: an array with the keys 0, 1, 2 … in this order.
/// All other notes are the caller's business alone: numbers of 0 and more, and the lowest one.
#[inline]
pub fn list_note(length: u64) -> i64 {
    !(length as i64)
}

/// The number of elements of the list, if a note is that of one.
#[inline]
pub fn listed(note: i64) -> Option<u64> {
    (note < 0 && note != i64::MIN).then_some(!note as u64)
}

/// The result of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// The bytes were appended; the version stands for the new value.
    Done,
    /// Nothing happened: the version no longer stands for the newest value, or never did. The caller must read again,
    /// and retry.
    Changed,
    /// Nothing happened: the value has to be stored as a whole again, and the caller had offered to do that.
    Full,
}

/// The result of taking the first element off a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shifted {
    /// There is no such key, or no store yet, or the list has no elements.
    Nothing,
    /// It is gone from the list, and its bytes are in the buffer: a value by itself. So many elements are left.
    Element(u64),
    /// Nothing happened: the element has objects or cases of enums in it, which only the program can tell whether it can make. The caller
    /// must take it ([`Backend::take`](super::Backend::take)), and finish it or give it back.
    Objects,
    /// Nothing happened: the value is no list, or its elements cannot be taken apart. The caller must read it, and store what is left.
    Whole,
}

/// The result of taking the first element off a list for consumption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// There is no such key, or no store yet, or the list has no elements.
    Nothing,
    /// It is gone from the list, and kept with this token; its bytes are in the buffer: a value by itself.
    Item(u64),
    /// Nothing happened: the value is no list, or its elements cannot be taken apart. The caller must read it, and take the element
    /// ([`Backend::take_read`](super::Backend::take_read)).
    Whole,
}

/// The side that rewrites a value to which as much has been appended as there was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rewrite {
    /// The caller, which has the value decoded: the append is [`Appended::Full`], at no further cost.
    Caller,
    /// The caller, which would have to read the value first: as above, but a long value is the store's business.
    CallerIfShort,
    /// The store, which copies the value and the pieces that were appended to it.
    Store,
}

/// The state of a hold on other writers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Other writers wait.
    Kept,
    /// The hold has ended: the store was destroyed, or is another one by now; or the hold was another handle's.
    Ended,
    /// The hold belongs to the parent of this process, which was forked meanwhile.
    Forked,
}

/// A failed operation, which has changed nothing.
///
/// `Display` is the whole sentence for the user.
pub trait BackendError: Debug + Display {
    /// The address of the store, as it was given.
    fn address(&self) -> &[u8];

    /// The remedy.
    fn remedy(&self) -> Remedy;

    /// Whether the operation may have been done all the same, so that it must not be tried again in another way.
    fn may_be_done(&self) -> bool {
        false
    }

    /// The same, or whether the operation has been tried for as long as it may be: in another way it would take that long once more.
    fn is_final(&self) -> bool {
        self.may_be_done()
    }
}

/// The remedies for a failure.
#[derive(Debug, Clone, Copy)]
pub enum Remedy {
    /// Another handle makes this operation wait: [`Backend::wait`](super::Backend::wait), then retry.
    Wait(Held),
    /// The store has waited for a while already (a writer may be stopped, a server slow): handle signals, then retry.
    Retry,
    /// The caller's memory has no room for so many bytes: make room, then retry.
    MakeRoom(u64),
    /// The store is in an old format: read it by [`Backend::copy_legacy`](super::Backend::copy_legacy), or
    /// [`Backend::import`](super::Backend::import) it.
    Import,
    /// The lock of this handle is gone: [`Backend::unlock`](super::Backend::unlock), and tell the user.
    Unlock,
    /// None: tell the user.
    Report,
}
