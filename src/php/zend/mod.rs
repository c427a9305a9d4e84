//! The edge to the Zend engine: the macros and functions of its C API that the extension needs and `ext-php-rs` does
//! not bind. Each operation exists once. Nothing here knows about MessagePack or the store.
//!
//! Everything that allocates goes through Zend's allocator. The engine may leave any of its functions by `longjmp`;
//! `Drop` does not run then, and the end of the request frees the memory.
//!
//! The files stand in layers, from [`types`] and [`executor`](mod@executor) up to [`serialization`]; a file uses only those below it.

mod arrays;
mod callbacks;
mod calls;
mod classes;
mod counted;
mod dates;
mod declaration;
mod errors;
mod executor;
mod frames;
mod handlers;
mod immutable;
mod memory;
mod objects;
mod references;
mod serialization;
pub mod series;
mod settings;
mod strings;
mod tables;
mod traversal;
mod types;
mod values;
mod zvals;

pub use arrays::*;
pub use callbacks::*;
pub use calls::*;
pub use classes::*;
pub use counted::*;
pub use dates::*;
pub use declaration::*;
pub use errors::*;
pub use executor::*;
pub use frames::*;
pub use immutable::*;
pub use memory::*;
pub use objects::*;
pub use references::*;
pub use serialization::*;
pub use settings::*;
pub use strings::*;
pub use tables::*;
pub use traversal::*;
pub use types::*;
pub use values::*;
pub use zvals::*;
