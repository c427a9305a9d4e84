//! Sync: one object, shared by PHP programs that know nothing of each other.

mod php;

/// The store, by the names that `php` still uses.
mod store {
    pub use sync_store::*;
    pub use sync_store::{Version as Seen, WriterHold as Change};
}

mod module {
    use ext_php_rs::prelude::{ModuleBuilder, php_module};

    use crate::php;

    /// What PHP sees of this library.
    #[php_module]
    pub fn get_module(module: ModuleBuilder) -> ModuleBuilder {
        module
            .globals(&php::GLOBALS)
            .startup_function(php::startup)
            .shutdown_function(php::shutdown)
            .request_startup_function(php::request_startup)
            .request_shutdown_function(php::request_shutdown)
            .post_deactivate_function(php::after_request)
            .info_function(php::info)
    }
}
