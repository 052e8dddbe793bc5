//! Where backups are kept: a folder, or a bucket of a server that speaks S3. The only place that names `object_store`.
//!
//! It knows names and bytes and nothing of backups. Large objects go up in pieces and come down in pieces, so that a few of them are in
//! memory and never the whole; an upload is an object only once it is complete. To add another kind of place: a scheme in
//! [`Storage::open`].

mod upload;

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use object_store::{
    ClientOptions, ObjectStore, ObjectStoreExt as _, PutMode, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    local::LocalFileSystem,
    path::Path,
};
use secrecy::ExposeSecret as _;
use url::Url;

pub use upload::Upload;

use crate::config::BackupConfig;

/// One request, with its body.
const REQUEST: Duration = Duration::from_mins(3);
const CONNECT: Duration = Duration::from_secs(10);
/// Pieces that come down at once, and their size.
const AHEAD: usize = 2;
const PIECE: u64 = 8 << 20;

/// A place for objects. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Storage {
    objects: Arc<dyn ObjectStore>,
    /// The same, where it is S3: uploads can be taken up by their id there.
    s3: Option<Arc<AmazonS3>>,
    /// The same, where it is a folder.
    folder: Option<PathBuf>,
    prefix: String,
    shown: String,
}

/// Why a place or an object cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The settings do not name a place.
    #[error("{0}")]
    Settings(String),
    /// There is no such object.
    #[error("{0} is not there")]
    Missing(String),
    /// There is one of that name already.
    #[error("{0} is there already")]
    Exists(String),
    /// The place may not be used like this.
    #[error("{0}: access denied: {1}")]
    Denied(String, String),
    /// The place does not answer as it should; another attempt may help.
    #[error("{0}: {1}")]
    Failed(String, String),
    /// The folder cannot be used.
    #[error("{0}")]
    Folder(String, #[source] std::io::Error),
}

impl StorageError {
    /// Whether another attempt may help.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Failed(..) | Self::Folder(..))
    }

    fn of(name: &str, error: &object_store::Error) -> Self {
        use object_store::Error as E;
        match error {
            E::NotFound { .. } => Self::Missing(name.to_owned()),
            E::AlreadyExists { .. } | E::Precondition { .. } => Self::Exists(name.to_owned()),
            E::PermissionDenied { .. } | E::Unauthenticated { .. } => {
                Self::Denied(name.to_owned(), error.to_string())
            }
            // An error of a listing says its kind in words only.
            _ => {
                let said = error.to_string();
                let denied = ["401 Unauthorized", "403 Forbidden"].iter().any(|status| said.contains(status));
                if denied { Self::Denied(name.to_owned(), said) } else { Self::Failed(name.to_owned(), said) }
            }
        }
    }
}

/// An object that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its name, without the prefix of the place.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// When it was written, by the clock of the place.
    pub modified: DateTime<Utc>,
}

impl Storage {
    /// Opens the place that the settings name; `None` where they name none. Nothing is reached yet; a folder is made.
    ///
    /// # Errors
    /// [`StorageError::Settings`] says what cannot be used, [`StorageError::Folder`] that the folder cannot be made.
    pub fn open(config: &BackupConfig) -> Result<Option<Self>, StorageError> {
        if !config.is_configured() {
            return Ok(None);
        }
        let unreadable = || {
            StorageError::Settings(
                "backup.url: cannot be read, expected file:///folder or s3://bucket/prefix".to_owned(),
            )
        };
        let url = Url::parse(config.url.trim()).map_err(|_| unreadable())?;
        match url.scheme() {
            "file" => Self::folder(url.to_file_path().map_err(|()| unreadable())?).map(Some),
            "s3" => Self::bucket(config, &url).map(Some),
            _ => Err(unreadable()),
        }
    }

    fn folder(folder: PathBuf) -> Result<Self, StorageError> {
        use std::os::unix::fs::DirBuilderExt as _;
        let shown = format!("file://{}", folder.display());
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|error| StorageError::Folder(folder.display().to_string(), error))?;
        let objects = LocalFileSystem::new_with_prefix(&folder)
            .map_err(|error| StorageError::of(&shown, &error))?
            .with_fsync(true)
            .with_automatic_cleanup(true);
        Ok(Self { objects: Arc::new(objects), s3: None, folder: Some(folder), prefix: String::new(), shown })
    }

    fn bucket(config: &BackupConfig, url: &Url) -> Result<Self, StorageError> {
        let bucket = url.host_str().unwrap_or_default();
        if bucket.is_empty() {
            return Err(StorageError::Settings("backup.url: expected s3://bucket/prefix".to_owned()));
        }
        let client = ClientOptions::new().with_timeout(REQUEST).with_connect_timeout(CONNECT);
        let retry =
            RetryConfig { max_retries: 5, retry_timeout: Duration::from_mins(3), ..RetryConfig::default() };
        let key = config.s3_access_key_id.expose_secret().trim();
        let mut builder = if key.is_empty() { AmazonS3Builder::from_env() } else { AmazonS3Builder::new() }
            .with_bucket_name(bucket)
            .with_region(&config.s3_region)
            .with_client_options(client)
            .with_allow_http(config.s3_allow_http)
            .with_retry(retry);
        if !key.is_empty() {
            builder = builder
                .with_access_key_id(key)
                .with_secret_access_key(config.s3_secret_access_key.expose_secret().trim());
        }
        if !config.s3_endpoint.is_empty() {
            builder = builder.with_endpoint(&config.s3_endpoint);
        }
        let s3 = Arc::new(
            builder.build().map_err(|error| StorageError::Settings(format!("backup.url: {error}")))?,
        );
        let prefix = url.path().trim_matches('/').to_owned();
        let shown = format!("s3://{bucket}/{prefix}");
        Ok(Self { objects: Arc::<AmazonS3>::clone(&s3), s3: Some(s3), folder: None, prefix, shown })
    }

    /// The address without anything secret.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The folder, where it is one.
    pub fn as_folder(&self) -> Option<&std::path::Path> {
        self.folder.as_deref()
    }

    fn path(&self, name: &str) -> Path {
        if self.prefix.is_empty() { Path::from(name) } else { Path::from(format!("{}/{name}", self.prefix)) }
    }

    /// The whole of a small object; one larger than `limit` bytes is refused.
    ///
    /// # Errors
    /// [`StorageError::Missing`], or that the place does not answer.
    pub async fn read(&self, name: &str, limit: u64) -> Result<Bytes, StorageError> {
        let of = |error| StorageError::of(name, &error);
        let found = self.objects.get(&self.path(name)).await.map_err(of)?;
        if found.meta.size > limit {
            let message = format!("{name} has {} bytes, expected {limit} at the most", found.meta.size);
            return Err(StorageError::Settings(message));
        }
        found.bytes().await.map_err(of)
    }

    /// Size of an object, and its bytes in order.
    ///
    /// # Errors
    /// [`StorageError::Missing`], or that the place does not answer.
    pub async fn stream(
        &self,
        name: &str,
    ) -> Result<(u64, BoxStream<'static, Result<Bytes, StorageError>>), StorageError> {
        let path = self.path(name);
        let size = self.objects.head(&path).await.map_err(|error| StorageError::of(name, &error))?.size;
        let (objects, name) = (Arc::clone(&self.objects), name.to_owned());
        let starts = (0..size).step_by(usize::try_from(PIECE).unwrap_or(usize::MAX));
        let pieces = stream::iter(starts)
            .map(move |start| {
                let (objects, path, name) = (Arc::clone(&objects), path.clone(), name.clone());
                async move {
                    let piece = objects.get_range(&path, start..size.min(start + PIECE)).await;
                    piece.map_err(|error| StorageError::of(&name, &error))
                }
            })
            .buffered(AHEAD);
        Ok((size, pieces.boxed()))
    }

    /// Writes a small object, over one of the same name.
    ///
    /// # Errors
    /// That the place does not take it.
    pub async fn write(&self, name: &str, content: Bytes) -> Result<(), StorageError> {
        let written = self.objects.put(&self.path(name), content.into()).await;
        written.map(drop).map_err(|error| StorageError::of(name, &error))
    }

    /// Writes a small object that must not be there yet; of several writers one succeeds.
    ///
    /// # Errors
    /// [`StorageError::Exists`], or that the place does not take it.
    pub async fn create(&self, name: &str, content: Bytes) -> Result<(), StorageError> {
        let written = self.objects.put_opts(&self.path(name), content.into(), PutMode::Create.into()).await;
        written.map(drop).map_err(|error| StorageError::of(name, &error))
    }

    /// Everything whose name begins with the folder `under` (`""` for all), sorted by name.
    ///
    /// # Errors
    /// That the place does not answer.
    pub async fn list(&self, under: &str) -> Result<Vec<Stored>, StorageError> {
        let at = self.path(under);
        let listed = self.objects.list((!at.as_ref().is_empty()).then_some(&at));
        let mut all: Vec<_> = listed
            .map_ok(|meta| {
                let name = meta.location.as_ref();
                let name = name.strip_prefix(&self.prefix).unwrap_or(name).trim_start_matches('/');
                Stored { name: name.to_owned(), bytes: meta.size, modified: meta.last_modified }
            })
            .try_collect()
            .await
            .map_err(|error| StorageError::of(&self.shown, &error))?;
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// Folders of the first level in which only unfinished uploads are: nothing is listed of them. Only a folder has such.
    ///
    /// # Errors
    /// That the folder cannot be read.
    pub fn hidden(&self) -> Result<Vec<String>, StorageError> {
        let Some(folder) = &self.folder else { return Ok(Vec::new()) };
        let entries = std::fs::read_dir(folder)
            .map_err(|error| StorageError::Folder(folder.display().to_string(), error))?;
        let folders = entries.filter_map(Result::ok).filter(|entry| entry.path().is_dir());
        Ok(folders.filter_map(|entry| entry.file_name().into_string().ok()).collect())
    }

    /// Deletes an object; one that is not there is fine.
    ///
    /// # Errors
    /// That the place does not answer or does not allow it.
    pub async fn delete(&self, name: &str) -> Result<(), StorageError> {
        match self.objects.delete(&self.path(name)).await.map_err(|error| StorageError::of(name, &error)) {
            Ok(()) | Err(StorageError::Missing(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
