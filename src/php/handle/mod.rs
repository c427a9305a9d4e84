//! The seam: a handle on the store of an object, wherever that is. Nothing above this folder knows more of a store than
//! [`Backend`] says.

pub use sync_backend::list::{Item, read_key};
pub use sync_backend::{
    Appended, Backend, BackendError, Change, Committed, Connected, Consumer, Content, Entry, Expiry, Facts, Found,
    HeldLock, LockName, LockSpace, Now, Occupied, PEEK, Patience, Peeked, Places, Remedy, Rewrite, Room, Selection,
    Shifted, Since, Snapshot, Standing, Stats, Stored, Surroundings, Taken, Taking, Unread, Waiting, Wanted, list_note,
    listed,
};
pub use sync_server::{Address, HAS_TLS, Host, Place, Server as ServerAccess};
pub use sync_store::{Durability, FileSystems, Moment, Options};

mod dispatch;
mod either;
mod sums;

pub use self::either::{Handle, refused_file_system};
pub use self::sums::{Error, Result, Version, Waiter, Watch, WriterHold};
