//! The failures of encryption, in words that say what to do.

use std::fmt;
use std::path::PathBuf;

/// The reason why a connection cannot be encrypted, or no longer. `Display` is a clause, for a sentence that names the address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsFailure {
    /// A file that the address names cannot be used, for this reason.
    File(PathBuf, String),
    /// The system trusts nobody, and the address names no file of its own.
    NobodyTrusted,
    /// Nobody whom we trust vouches for the server's certificate.
    UnknownIssuer,
    /// The server's certificate is for others, as listed, and not for the host of the address.
    WrongName(Vec<String>),
    /// The server's certificate has expired.
    Expired,
    /// The server's certificate is of a time to come.
    NotYetValid,
    /// The server's certificate is none that can be accepted, for another reason.
    BadCertificate(String),
    /// The server does not accept our certificate, or misses one; its word for it.
    Unwelcome(String),
    /// The server speaks something else than TLS.
    NotTls,
    /// The server says nothing to our greeting.
    Silent,
    /// Another failure of the protocol.
    Other(String),
}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, reason) => write!(f, "the file '{}' of the address cannot be used: {reason}", path.display()),
            Self::NobodyTrusted => f.write_str(
                "this system has no certificates of anybody who could vouch for the server: install them (Debian's package is \
                 ca-certificates), or name a file by the address's option ca",
            ),
            Self::UnknownIssuer => f.write_str(
                "nobody whom this system trusts vouches for the server's certificate: name the file of its CA, as in \
                 ?ca=/etc/ssl/redis-ca.pem",
            ),
            Self::WrongName(names) if names.is_empty() => {
                f.write_str("the server's certificate is not for this host: write the host as the certificate has it")
            }
            Self::WrongName(names) => write!(
                f,
                "the server's certificate is not for this host, but for {}: write the host as the certificate has it",
                names.join(", ")
            ),
            Self::Expired => f.write_str("the server's certificate has expired: the server needs a new one"),
            Self::NotYetValid => {
                f.write_str("the server's certificate is not valid yet: is the clock of this machine right?")
            }
            Self::BadCertificate(reason) => write!(f, "the server's certificate cannot be accepted: {reason}"),
            Self::Unwelcome(word) => write!(
                f,
                "the server has refused us ('{word}'): it may want a certificate of ours; name one that it accepts by the \
                 address's options cert and key"
            ),
            Self::NotTls => f.write_str(
                "the server does not speak TLS at this port: name the one of its setting tls-port, or write redis://",
            ),
            Self::Silent => f.write_str(
                "the server did not answer in time (the address's option connect_timeout): does it speak TLS at this port?",
            ),
            Self::Other(reason) => write!(f, "the encryption has failed: {reason}"),
        }
    }
}

#[cfg(feature = "tls")]
impl From<rustls::Error> for TlsFailure {
    fn from(error: rustls::Error) -> Self {
        use rustls::{AlertDescription as Alert, CertificateError as Certificate, Error};
        match error {
            // (By signature: of an authority that was made anew under its old name.)
            Error::InvalidCertificate(Certificate::UnknownIssuer | Certificate::BadSignature) => Self::UnknownIssuer,
            Error::InvalidCertificate(Certificate::NotValidForName) => Self::WrongName(Vec::new()),
            Error::InvalidCertificate(Certificate::NotValidForNameContext { presented, .. }) => {
                Self::WrongName(presented.iter().map(|name| name_in(name)).collect())
            }
            Error::InvalidCertificate(Certificate::Expired | Certificate::ExpiredContext { .. }) => Self::Expired,
            Error::InvalidCertificate(Certificate::NotValidYet | Certificate::NotValidYetContext { .. }) => {
                Self::NotYetValid
            }
            Error::InvalidCertificate(other) => Self::BadCertificate(other.to_string()),
            Error::InvalidMessage(_) => Self::NotTls,
            Error::AlertReceived(
                alert @ (Alert::CertificateRequired
                | Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::UnknownCA
                | Alert::AccessDenied
                // (By version 1.2, where it misses one.)
                | Alert::HandshakeFailure),
            ) => Self::Unwelcome(format!("{alert:?}")),
            other => Self::Other(other.to_string()),
        }
    }
}

/// A name of a certificate, which rustls gives as in `DnsName("host")`.
#[cfg(feature = "tls")]
fn name_in(shown: &str) -> String {
    let inner = shown.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(shown);
    inner.trim_matches('"').to_owned()
}
