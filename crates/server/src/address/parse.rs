//! From an address as it is written to its parts.

use super::super::secret::Secret;
use super::{
    Address, AddressError, CONNECT_TIMEOUT, Host, PORT, PREFIX, Place, SENTINEL_PORT, Server, TIMEOUT, TlsFiles,
};
use percent_encoding::percent_decode;
use std::ffi::OsString;
use std::net::Ipv6Addr;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;

type Result<T> = std::result::Result<T, AddressError>;

/// The longest path of a socket that the kernel takes, without the zero behind it.
const LONGEST_SOCKET: usize = 107;

/// The kinds of place, as a scheme tells them.
#[derive(Clone, Copy)]
enum Kind {
    Host,
    Socket,
    Sentinel,
    Cluster,
}

/// An address that was cut, and nothing of it decoded.
struct Cut<'a> {
    /// Up to the `@`.
    login: Option<&'a str>,
    hosts: &'a str,
    /// With its first slash; empty where there is none.
    path: &'a str,
    /// Behind the question mark.
    options: &'a str,
}

/// The options of an address.
#[derive(Default)]
struct Options {
    prefix: Option<Vec<u8>>,
    database: Option<u32>,
    caches: Option<bool>,
    connect_timeout: Option<Duration>,
    timeout: Option<Duration>,
    tls: TlsFiles,
}

/// The schemes, each with what it means, and whether connections are encrypted.
const SCHEMES: [(&str, Kind, bool); 7] = [
    ("redis", Kind::Host, false),
    ("rediss", Kind::Host, true),
    ("unix", Kind::Socket, false),
    ("redis+sentinel", Kind::Sentinel, false),
    ("rediss+sentinel", Kind::Sentinel, true),
    ("redis+cluster", Kind::Cluster, false),
    ("rediss+cluster", Kind::Cluster, true),
];

/// The meaning of a scheme.
fn kind(scheme: &[u8]) -> Option<(Kind, bool)> {
    let (_, kind, tls) = SCHEMES.into_iter().find(|(name, ..)| scheme.eq_ignore_ascii_case(name.as_bytes()))?;
    Some((kind, tls))
}

impl Address {
    /// Whether a text begins as an address does, and so is one, if perhaps a wrong one: for programs to which all else is a path.
    pub fn is_meant_by(text: &[u8]) -> bool {
        let end = text.iter().position(|&byte| byte == b':');
        end.is_some_and(|end| text[end..].starts_with(b"://") && kind(&text[..end]).is_some())
    }

    /// Reads an address. A user, a password, the name of a master, the path of a socket and values of options may have any bytes, each
    /// written as `%` and two hexadecimal digits where it means something else.
    pub fn parse(address: &[u8]) -> Result<Self> {
        // All that is not ASCII is encoded, so that from here on each byte is a character.
        let address = std::str::from_utf8(address).map_err(|_| AddressError::Unencoded)?;
        let (scheme, rest) = address.split_once("://").ok_or(AddressError::NoScheme)?;
        let (kind, tls) = kind(scheme.as_bytes()).ok_or(AddressError::NoScheme)?;
        let cut = cut(rest)?;
        let (user, password) = login(cut.login)?;
        let options = options(cut.options)?;
        let (place, database_of_path) = place(kind, tls, &cut)?;
        let database = match (database_of_path, options.database) {
            (Some(_), Some(_)) => return Err(AddressError::TwoDatabases),
            (of_path, of_options) => of_path.or(of_options).unwrap_or(0),
        };
        if database != 0 && matches!(place, Place::Cluster { .. }) {
            return Err(AddressError::DatabaseOfCluster);
        }
        if options.tls != TlsFiles::default() && !place.is_encrypted() {
            return Err(AddressError::FileWithoutTls);
        }
        if options.tls.key.is_some() && options.tls.cert.is_none() {
            return Err(AddressError::KeyAlone);
        }
        let server = Server {
            place,
            user,
            password,
            database,
            tls: options.tls,
            connect_timeout: options.connect_timeout.unwrap_or(CONNECT_TIMEOUT),
            timeout: options.timeout.unwrap_or(TIMEOUT),
        };
        let prefix = options.prefix.unwrap_or_else(|| PREFIX.to_vec());
        Ok(Self { server, prefix, caches: options.caches.unwrap_or(true) })
    }
}

/// Cuts the part behind `://`.
fn cut(rest: &str) -> Result<Cut<'_>> {
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    // Both come before any other look at the parts: with such a character in a password, they are other parts than their writer meant.
    if behind.contains('@') || authority.matches('@').count() > 1 {
        return Err(AddressError::StrayAt);
    }
    if !rest.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return Err(AddressError::Unencoded);
    }
    let (login, hosts) = match authority.split_once('@') {
        Some((login, hosts)) => (Some(login), hosts),
        None => (None, authority),
    };
    let (path, options) = behind.split_once('?').unwrap_or((behind, ""));
    Ok(Cut { login, hosts, path, options })
}

/// The bytes that a part stands for.
fn decode(part: &str) -> Result<Vec<u8>> {
    let is_whole = part.split('%').skip(1).all(|behind| {
        let digits = behind.as_bytes();
        digits.len() >= 2 && digits[..2].iter().all(u8::is_ascii_hexdigit)
    });
    if is_whole { Ok(percent_decode(part.as_bytes()).collect()) } else { Err(AddressError::BrokenPercent) }
}

/// The user and the password before the `@`.
fn login(login: Option<&str>) -> Result<(Option<Vec<u8>>, Option<Secret>)> {
    let Some(login) = login else { return Ok((None, None)) };
    let (user, password) = login.split_once(':').ok_or(AddressError::UserAlone)?;
    let user = decode(user)?;
    Ok(((!user.is_empty()).then_some(user), Some(Secret::new(decode(password)?))))
}

/// The place, and the database that the path names.
fn place(kind: Kind, tls: bool, cut: &Cut<'_>) -> Result<(Place, Option<u32>)> {
    match kind {
        Kind::Socket => {
            if !cut.hosts.is_empty() {
                return Err(AddressError::HostOfSocket);
            }
            let path = decode(cut.path)?;
            if path.len() < 2 || path.len() > LONGEST_SOCKET || path.ends_with(b"/") || path.contains(&0) {
                return Err(AddressError::BadSocket);
            }
            Ok((Place::Socket(OsString::from_vec(path).into()), None))
        }
        Kind::Host => {
            let [host] = <[Host; 1]>::try_from(hosts(cut.hosts, PORT)?).map_err(|_| AddressError::ManyHosts)?;
            Ok((Place::Host { host, tls }, database_of_path(cut.path)?))
        }
        Kind::Sentinel => {
            let sentinels = hosts(cut.hosts, SENTINEL_PORT)?;
            let path = cut.path.strip_prefix('/').unwrap_or("");
            let (master, database) = path.split_at(path.find('/').unwrap_or(path.len()));
            let master = decode(master)?;
            if master.is_empty() {
                return Err(AddressError::NoMaster);
            }
            Ok((Place::Sentinel { sentinels, master, tls }, database_of_path(database)?))
        }
        Kind::Cluster => {
            let nodes = hosts(cut.hosts, PORT)?;
            Ok((Place::Cluster { nodes, tls }, database_of_path(cut.path)?))
        }
    }
}

/// The database in a path that consists of nothing else.
fn database_of_path(path: &str) -> Result<Option<u32>> {
    match path.strip_prefix('/').unwrap_or("") {
        "" => Ok(None),
        number if number.trim_end_matches('/').contains('/') => Err(AddressError::LongPath),
        number => database(number).map(Some),
    }
}

/// A number of a database. Servers count them by an `int`.
fn database(number: &str) -> Result<u32> {
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|number| is_number && *number <= i32::MAX as u32).ok_or(AddressError::BadDatabase)
}

/// Hosts with commas between them.
fn hosts(list: &str, port: u16) -> Result<Vec<Host>> {
    list.split(',').map(|host| self::host(host, port)).collect()
}

/// One host, with its port or without.
fn host(text: &str, default_port: u16) -> Result<Host> {
    if text.is_empty() || text.starts_with(':') {
        return Err(AddressError::NoHost);
    }
    let (name, port) = if let Some(rest) = text.strip_prefix('[') {
        let (number, port) = rest.split_once(']').ok_or(AddressError::BadHost)?;
        let number: Ipv6Addr = number.parse().map_err(|_| AddressError::BadHost)?;
        (number.to_string(), port)
    } else {
        let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')) {
            return Err(AddressError::BadHost);
        }
        (name.to_ascii_lowercase(), port)
    };
    let port = match port.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok().filter(|port| *port != 0).ok_or(AddressError::BadPort)?
        }
        None if port.is_empty() => default_port,
        _ => return Err(AddressError::BadPort),
    };
    Ok(Host { name, port })
}

/// The options behind the question mark.
fn options(text: &str) -> Result<Options> {
    let mut options = Options::default();
    for (index, option) in text.split('&').enumerate() {
        if text.is_empty() {
            break;
        }
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let is_new = match name {
            "prefix" => options.prefix.replace(prefix(value)?).is_none(),
            "db" => options.database.replace(database(value)?).is_none(),
            "cache" => options.caches.replace(switch(value)?).is_none(),
            "connect_timeout" => options.connect_timeout.replace(seconds(value)?).is_none(),
            "timeout" => options.timeout.replace(seconds(value)?).is_none(),
            "ca" => options.tls.ca.replace(file(value)?).is_none(),
            "cert" => options.tls.cert.replace(file(value)?).is_none(),
            "key" => options.tls.key.replace(file(value)?).is_none(),
            _ => return Err(AddressError::UnknownOption(index + 1)),
        };
        if !is_new {
            return Err(AddressError::RepeatedOption(index + 1));
        }
    }
    Ok(options)
}

/// A prefix. Braces would be the tag by which a cluster places a key, which is the prefix itself.
fn prefix(value: &str) -> Result<Vec<u8>> {
    let prefix = decode(value)?;
    let is_fit = !prefix.is_empty() && !prefix.iter().any(|byte| matches!(byte, b'{' | b'}'));
    if is_fit { Ok(prefix) } else { Err(AddressError::BadPrefix) }
}

/// An absolute path. (A relative one would be another file after the program has changed its folder.)
fn file(value: &str) -> Result<PathBuf> {
    let path = decode(value)?;
    let is_fit = path.len() > 1 && path.starts_with(b"/") && !path.contains(&0);
    if is_fit { Ok(OsString::from_vec(path).into()) } else { Err(AddressError::BadFile) }
}

/// `0` or `1`.
fn switch(value: &str) -> Result<bool> {
    match value {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err(AddressError::BadCache),
    }
}

/// Seconds with a fraction, of which thousandths count.
fn seconds(value: &str) -> Result<Duration> {
    let is_decimal = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds: f64 = value.parse().ok().filter(|_| is_decimal).ok_or(AddressError::BadTimeout)?;
    let milliseconds = (seconds * 1000.0).round();
    if (1.0..=3_600_000.0).contains(&milliseconds) {
        Ok(Duration::from_millis(milliseconds as u64))
    } else {
        Err(AddressError::BadTimeout)
    }
}
