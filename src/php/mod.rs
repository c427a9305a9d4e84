//! All that touches the Zend engine.

pub mod value;
