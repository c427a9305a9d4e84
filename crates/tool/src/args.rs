//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

/// Look into a store of the PHP extension Sync, and change it. Programs that use it go on meanwhile.
#[derive(Debug, Parser)]
#[command(
    name = "syncctl",
    version,
    disable_help_subcommand = true,
    after_help = "Exit status: 0 fine, 1 not there or not sound, 2 usage, 3 cannot open, 4 not all was carried over."
)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

/// About commands that write.
const RIGHT: &str =
    "A file that is not sound is put right, which is told, and the status is 1: the command is done all the same.";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the names
    Ls {
        /// A file, or the address of a server: redis://host:6379/0?prefix=app, unix:///run/redis.sock
        #[arg(value_name = "STORE")]
        file: PathBuf,
        /// Only names that begin with this
        #[arg(default_value = "")]
        prefix: OsString,
        /// Type, bytes, seconds until it expires, and the name
        #[arg(short, long)]
        long: bool,
        /// End each name with a NUL instead of a newline, and show it as it is
        #[arg(short = '0', long, conflicts_with = "long")]
        null: bool,
    },
    /// Print a value as JSON
    Get {
        /// A file, or the address of a server: redis://host:6379/0?prefix=app, unix:///run/redis.sock
        #[arg(value_name = "STORE")]
        file: PathBuf,
        name: OsString,
        /// NAME is written as `ls --long` shows it: \\ for a backslash, \u{0} for a NUL, \& for the empty name
        #[arg(short, long)]
        escaped: bool,
        /// Print a string without quotes, byte by byte
        #[arg(short, long)]
        raw: bool,
        /// On several lines
        #[arg(short, long, conflicts_with = "raw")]
        pretty: bool,
    },
    /// Set a name to a value: JSON, or - for what comes on standard input
    #[command(after_help = RIGHT)]
    Set {
        /// A file, or the address of a server: redis://host:6379/0?prefix=app, unix:///run/redis.sock
        #[arg(value_name = "STORE")]
        file: PathBuf,
        name: OsString,
        #[arg(allow_hyphen_values = true)]
        value: OsString,
        /// NAME is written as `ls --long` shows it: \\ for a backslash, \u{0} for a NUL, \& for the empty name
        #[arg(short, long)]
        escaped: bool,
        /// The value is a string as it is, no JSON
        #[arg(short, long)]
        string: bool,
        /// It expires after so many seconds; as in PHP at once for 0 or less, and never for inf
        #[arg(short, long, value_name = "SECONDS", allow_hyphen_values = true)]
        ttl: Option<f64>,
    },
    /// Remove names
    #[command(after_help = RIGHT)]
    Rm {
        /// A file, or the address of a server: redis://host:6379/0?prefix=app, unix:///run/redis.sock
        #[arg(value_name = "STORE")]
        file: PathBuf,
        #[arg(required = true)]
        names: Vec<OsString>,
        /// NAME is written as `ls --long` shows it: \\ for a backslash, \u{0} for a NUL, \& for the empty name
        #[arg(short, long)]
        escaped: bool,
        /// Say nothing of names that are not there
        #[arg(short, long)]
        force: bool,
    },
    /// Print changes as they come
    #[command(
        after_help = "Each is told with the newest value: of several that follow each other closely, the last one is seen."
    )]
    Watch {
        /// A file or the address of a server; it need not be there yet
        #[arg(value_name = "STORE")]
        file: PathBuf,
        /// All, if there are none
        names: Vec<OsString>,
        /// NAME is written as `ls --long` shows it: \\ for a backslash, \u{0} for a NUL, \& for the empty name
        #[arg(short, long)]
        escaped: bool,
        /// A line of JSON for each
        #[arg(long)]
        json: bool,
        /// End after so many seconds; with status 1, if there was no change
        #[arg(short, long, value_name = "SECONDS", allow_negative_numbers = true)]
        timeout: Option<f64>,
        /// End after so many changes
        #[arg(short = 'n', long)]
        count: Option<u64>,
    },
    /// Print sizes, locks, processes and counters; or the facts about values
    Stat {
        /// A file, or the address of a server: redis://host:6379/0?prefix=app, unix:///run/redis.sock
        #[arg(value_name = "STORE")]
        file: PathBuf,
        names: Vec<OsString>,
        /// NAME is written as `ls --long` shows it: \\ for a backslash, \u{0} for a NUL, \& for the empty name
        #[arg(short, long)]
        escaped: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Read all of the file and say what is wrong with it
    #[command(
        after_help = "Nothing is repaired. Programs that write to the file wait meanwhile: a file that is in use is locked for it, for which one has to be allowed to write to it, and as long as the command is stopped, they wait."
    )]
    Check { file: PathBuf },
    /// Write all names and values to standard output, as one JSON object
    #[command(
        after_help = "JSON has no room for objects, references, bytes that are not UTF-8, INF and NAN: values with these are left out, listed on stderr, and the status is 4. Nor has it for the time at which a value expires: such values are there without it, their number is told on stderr, and the status stays 0."
    )]
    Export {
        /// A file, or the address of a server: redis://host:6379/0?prefix=app, unix:///run/redis.sock
        #[arg(value_name = "STORE")]
        file: PathBuf,
        /// Only names that begin with this
        #[arg(default_value = "")]
        prefix: OsString,
        /// Everything PHP can store, and when it expires, as MessagePack
        #[arg(long)]
        msgpack: bool,
        /// As of one moment: others wait meanwhile
        #[arg(long)]
        lock: bool,
    },
    /// Set the names that come on standard input, as one JSON object; others stay
    #[command(
        after_help = "Names and values that PHP could not read are left out, listed on stderr, and the status is 4. An input that was cut off or damaged is refused with status 2: the names before that are stored by then, which it says; with --replace nothing is changed."
    )]
    Import {
        /// A file, which is made if it is not there, or the address of a server
        #[arg(value_name = "STORE")]
        file: PathBuf,
        /// The input is what `export --msgpack` has written
        #[arg(long)]
        msgpack: bool,
        /// Remove all that is there first, unless the input turns out not to be whole. Others may see it in parts: each commit is of a
        /// thousand names, or a megabyte
        #[arg(long)]
        replace: bool,
    },
    /// Set the names of a store in another one, a file or a server's; others stay
    #[command(
        after_help = "A store is a file or the address of a server. All is copied as of one moment, with its expiry. Names that are in both are replaced, and keep their place; new ones come behind, in their order. Each commit is of a thousand names, or a megabyte: where one fails, those before it stay, which is said."
    )]
    Copy {
        /// The store that is read: programs that use it go on
        from: PathBuf,
        /// The store that is written; it is made if it is not there
        to: PathBuf,
        /// Remove all that is in TO first, once all of FROM has been read. Others may see it in parts
        #[arg(long)]
        replace: bool,
    },
    /// Give back the room of what is no longer there
    Compact { file: PathBuf },
    /// Show names, locks, queues, processes and rates, live
    Top {
        /// A file, or the address of a server: redis://host:6379/0?prefix=app, unix:///run/redis.sock
        #[arg(value_name = "STORE")]
        file: PathBuf,
        /// Only names that begin with this
        #[arg(default_value = "")]
        prefix: OsString,
        /// Seconds between two looks
        #[arg(short, long, value_name = "SECONDS", default_value_t = 1.0, allow_negative_numbers = true)]
        interval: f64,
        /// Print one frame as text, and end
        #[arg(long)]
        once: bool,
    },
    /// Print what completes this command in a shell: `source <(syncctl completion bash)`
    Completion { shell: Shell },
    /// Write the pages of the manual into a folder
    #[command(hide = true)]
    Manual { folder: PathBuf },
}
