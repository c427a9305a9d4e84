//! Certificates of a test's own, and servers that have them.

use super::super::address::{Address, Host};
use super::redis::{Encryption, Redis, at_free_port};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// One who vouches for certificates. Its files are there for as long as it is.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

/// The years for which a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// From long ago to a time that no test sees.
    Now,
    /// It has expired.
    Past,
    /// It is not valid yet.
    Future,
}

/// A certificate, and its private key: two files.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The file of the certificate.
    pub cert: PathBuf,
    /// The file of the private key.
    pub key: PathBuf,
}

impl Authority {
    /// A new one, which has a name of its own.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        Self::named(&format!("An authority of a test, {}", COUNT.fetch_add(1, Ordering::Relaxed)))
    }

    /// A new one of this name.
    pub fn named(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        let folder = tempfile::Builder::new().prefix("sync-certificates-").tempdir().expect("a folder");
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).expect("a file");
        Self { issuer, folder }
    }

    /// The folder with its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file of its own certificate.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The files for servers that have a certificate of this authority's.
    pub fn encryption(&self, certificate: &Certificate) -> Encryption {
        Encryption { ca: self.ca(), cert: certificate.cert.clone(), key: certificate.key.clone() }
    }

    /// A certificate for hosts of these names, or numbers.
    pub fn certify(&self, file: &str, names: &[&str], validity: Validity) -> Certificate {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        params.distinguished_name.push(DnType::CommonName, file);
        let (from, to) = match validity {
            Validity::Now => (2020, 4000),
            Validity::Past => (2010, 2011),
            Validity::Future => (3900, 4000),
        };
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let path = |end: &str| self.folder.path().join(format!("{file}.{end}"));
        let files = Certificate { cert: path("pem"), key: path("key") };
        std::fs::write(&files.cert, certificate.pem()).expect("a file");
        std::fs::write(&files.key, key.serialize_pem()).expect("a file");
        files
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

/// A server that speaks TLS at a port. (At its socket it does not.)
pub struct EncryptedRedis {
    /// The server.
    pub redis: Redis,
    port: u16,
}

impl EncryptedRedis {
    /// Starts a server with a certificate, and with more options for its command line. It accepts any client (`--tls-auth-clients no`), unless these
    /// options say otherwise.
    pub fn start(authority: &Authority, certificate: &Certificate, options: &[&str]) -> Self {
        let of_tls = authority.encryption(certificate).options();
        let of_tls: Vec<&str> = of_tls.iter().map(String::as_str).collect();
        at_free_port(|port| {
            let text = port.to_string();
            let all = [&["--tls-port", &text], &of_tls[..], options].concat();
            Some(Self { redis: Redis::try_start(&all)?, port })
        })
    }

    /// Its end.
    pub fn host(&self) -> Host {
        Host { name: "127.0.0.1".to_owned(), port: self.port }
    }

    /// Its address, by the name or number of a host, with some text behind the database.
    pub fn address(&self, host: &str, options: &str) -> Address {
        let text = format!("rediss://{host}:{}/0{options}", self.port);
        Address::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
    }
}
