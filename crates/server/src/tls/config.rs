//! The files of encrypted connections: those who may vouch for a server, and a certificate of our own.

use crate::address::TlsFiles;
use crate::failure::TlsFailure;
use rustls::client::Resumption;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use std::cell::RefCell;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The number of settings that a thread keeps.
const KEPT: usize = 16;

/// The identity of a file, and of its content: device, number, length, time of the last change.
type Stamp = (u64, u64, u64, i64, i64);

/// Settings that were made, and what the named files were then.
struct Made {
    files: TlsFiles,
    stamps: Vec<Option<Stamp>>,
    config: Arc<ClientConfig>,
}

thread_local! {
    /// (Of a thread, as a lock that a forked child finds locked would stay locked.)
    static MADE: RefCell<Vec<Made>> = const { RefCell::new(Vec::new()) };
}

/// The settings of connections with these files, which are read again when they have changed; so a certificate can be renewed under programs
/// that run. The system's own are read once a thread.
pub(crate) fn config(files: &TlsFiles) -> Result<Arc<ClientConfig>, TlsFailure> {
    let stamps: Vec<_> = files.paths().map(stamp).collect();
    MADE.with_borrow_mut(|made| {
        if let Some(made) = made.iter().find(|made| made.files == *files && made.stamps == stamps) {
            return Ok(made.config.clone());
        }
        let config = Arc::new(make(files)?);
        made.retain(|made| made.files != *files);
        if made.len() == KEPT {
            made.remove(0);
        }
        made.push(Made { files: files.clone(), stamps, config: config.clone() });
        Ok(config)
    })
}

fn stamp(path: &Path) -> Option<Stamp> {
    let file = path.metadata().ok()?;
    Some((file.dev(), file.ino(), file.len(), file.mtime(), file.mtime_nsec()))
}

fn make(files: &TlsFiles) -> Result<ClientConfig, TlsFailure> {
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(trusted(files.ca.as_deref())?);
    let mut config = match &files.cert {
        None => builder.with_no_client_auth(),
        Some(cert) => {
            let chain = certificates(cert)?;
            let file = files.key.as_ref().unwrap_or(cert);
            let key = PrivateKeyDer::from_pem_file(file).map_err(|error| unusable(file, &error, "private key"))?;
            let of_key = |error: rustls::Error| TlsFailure::File(file.clone(), error.to_string());
            builder.with_client_auth_cert(chain, key).map_err(of_key)?
        }
    };
    // Connections last, and so each one can begin with a look at the server's certificate; and a forked child has no session of its parent's.
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Those who may vouch for a server.
fn trusted(ca: Option<&Path>) -> Result<RootCertStore, TlsFailure> {
    let mut trusted = RootCertStore::empty();
    match ca {
        Some(path) => {
            for certificate in certificates(path)? {
                trusted.add(certificate).map_err(|error| TlsFailure::File(path.to_owned(), error.to_string()))?;
            }
        }
        None => {
            // (A system has some of an old kind; those do not keep the others from being used.)
            trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if trusted.is_empty() {
                return Err(TlsFailure::NobodyTrusted);
            }
        }
    }
    Ok(trusted)
}

/// The certificates of a file, of which there is at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFailure> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    match all {
        Ok(all) if all.is_empty() => Err(unusable(path, &pem::Error::NoItemsFound, "certificate")),
        all => all.map_err(|error| unusable(path, &error, "certificate")),
    }
}

fn unusable(path: &Path, error: &pem::Error, missing: &str) -> TlsFailure {
    let reason = match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => format!("it has no {missing} in PEM"),
        error => format!("it is no file in PEM ({error})"),
    };
    TlsFailure::File(PathBuf::from(path), reason)
}
