//! The reasons why an address is none, in words that say what to write instead.

use std::fmt;

/// The reason why an address cannot be used. `Display` is a whole sentence, which says what to write instead and quotes nothing of the
/// address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressError {
    /// It begins with none of the schemes.
    NoScheme,
    /// A character that has to be encoded is not.
    Unencoded,
    /// A percent sign without two hexadecimal digits behind it.
    BrokenPercent,
    /// An `@` too many, or in the wrong place.
    StrayAt,
    /// A user without a password.
    UserAlone,
    /// There is no host where one should be.
    NoHost,
    /// A host that is neither a name nor a number.
    BadHost,
    /// A port that is no number from 1 to 65535.
    BadPort,
    /// Several hosts where there can be one only.
    ManyHosts,
    /// A host in the address of a socket.
    HostOfSocket,
    /// The path of a socket that is not absolute, ends with a slash or is too long.
    BadSocket,
    /// The name of the master is missing.
    NoMaster,
    /// A path that is longer than it may be.
    LongPath,
    /// A database that is no number.
    BadDatabase,
    /// A database that is named twice.
    TwoDatabases,
    /// A database of a cluster.
    DatabaseOfCluster,
    /// An empty prefix, or one with braces.
    BadPrefix,
    /// `cache` that is neither 0 nor 1.
    BadCache,
    /// A time-out that is no number of seconds, or out of bounds.
    BadTimeout,
    /// A file of an encrypted connection that is no absolute path.
    BadFile,
    /// A file of an encrypted connection, and the connection is none.
    FileWithoutTls,
    /// A private key without a certificate.
    KeyAlone,
    /// An option that is not known, by its number.
    UnknownOption(usize),
    /// An option that was given before, by its number.
    RepeatedOption(usize),
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoScheme => {
                "The address of a server begins with redis://, rediss://, unix://, redis+sentinel:// or redis+cluster:// \
                 (or, encrypted, rediss+sentinel:// or rediss+cluster://)."
            }
            Self::Unencoded => {
                "The address has a blank, a control character, or one that is not ASCII, or a #: write it as % and two \
                 hexadecimal digits (# is %23)."
            }
            Self::BrokenPercent => {
                "The address has a % without two hexadecimal digits behind it: write % itself as %25."
            }
            Self::StrayAt => {
                "The address has an @ where none can be: in a user or a password write @ as %40, / as %2F, ? as %3F and # as %23; \
                 elsewhere write @ as %40."
            }
            Self::UserAlone => {
                "The address names a user and no password: write user:password@, with nothing behind the colon for a user \
                 without a password."
            }
            Self::NoHost => "The address names no host: write it behind ://, as in redis://localhost:6379/0.",
            Self::BadHost => {
                "The host of the address is neither a name nor a number: names have letters, digits, dots, hyphens and \
                 underscores, and an address of IPv6 stands in brackets, as in redis://[::1]:6379/0."
            }
            Self::BadPort => "The port of the address is no number from 1 to 65535.",
            Self::ManyHosts => {
                "The address names several hosts: for a cluster write redis+cluster://, for sentinels redis+sentinel://."
            }
            Self::HostOfSocket => {
                "The address of a socket names a host: write three slashes, as in unix:///run/redis.sock (a user and a password stand \
                 behind the second one: unix://user:password@/run/redis.sock)."
            }
            Self::BadSocket => {
                "The path of the socket is no path of a file with at most 107 bytes: write it whole, as in unix:///run/redis.sock."
            }
            Self::NoMaster => {
                "The address names no master: write its name behind the sentinels, as in redis+sentinel://host:26379/master/0."
            }
            Self::LongPath => {
                "The address has a longer path than it may have: only the number of a database stands behind the host (and, \
                 for sentinels, the name of the master before it)."
            }
            Self::BadDatabase => "The database of the address is no number: write it as in redis://localhost:6379/0.",
            Self::TwoDatabases => "The address names a database twice: leave out the option db.",
            Self::DatabaseOfCluster => "The address names a database of a cluster, which has only one: leave it out.",
            Self::BadPrefix => "The option prefix is empty or has braces: write some text without { and }.",
            Self::BadCache => "The option cache is neither 0 nor 1.",
            Self::BadTimeout => {
                "An option for a time-out is no number of seconds from 0.001 to 3600: write it as in timeout=2.5."
            }
            Self::BadFile => "An option for a file is no absolute path: write it as in ca=/etc/ssl/redis-ca.pem.",
            Self::FileWithoutTls => {
                "The option ca, cert or key is for encrypted connections alone: write rediss:// (or rediss+sentinel://, \
                 rediss+cluster://), or leave it out."
            }
            Self::KeyAlone => "The option key is the private key of a certificate: name that by the option cert.",
            Self::UnknownOption(number) => {
                return write!(
                    f,
                    "Option {number} of the address is none of prefix, db, cache, connect_timeout, timeout, ca, cert and key: write \
                     them as in ?prefix=app&timeout=2.5."
                );
            }
            Self::RepeatedOption(number) => {
                return write!(f, "Option {number} of the address was given before: leave out one of the two.");
            }
        })
    }
}

impl std::error::Error for AddressError {}
