//! An object that goes up in pieces and is there only once it is complete.

use std::sync::Arc;

use bytes::Bytes;
use object_store::{
    MultipartUpload, ObjectStoreExt as _, UploadPart,
    aws::AmazonS3,
    multipart::{MultipartStore as _, PartId},
    path::Path,
};
use tokio::task::JoinHandle;

use super::{Storage, StorageError};

/// One upload; dropped before [`Upload::complete`], it leaves pieces that [`Storage::abandon`] removes.
#[derive(Debug)]
pub struct Upload {
    name: String,
    kind: Kind,
    /// The piece under way.
    going: Option<JoinHandle<Result<Option<PartId>, object_store::Error>>>,
}

#[derive(Debug)]
enum Kind {
    S3 { s3: Arc<AmazonS3>, path: Path, id: String, parts: Vec<PartId>, next: usize },
    Other(Box<dyn MultipartUpload>),
}

impl Storage {
    /// Begins an upload.
    ///
    /// # Errors
    /// That the place does not take it.
    pub async fn begin(&self, name: &str) -> Result<Upload, StorageError> {
        let (path, of) = (self.path(name), |error| StorageError::of(name, &error));
        let kind = match &self.s3 {
            Some(s3) => {
                let id = s3.create_multipart(&path).await.map_err(of)?;
                Kind::S3 { s3: Arc::clone(s3), path, id, parts: Vec::new(), next: 0 }
            }
            None => Kind::Other(self.objects.put_multipart(&path).await.map_err(of)?),
        };
        Ok(Upload { name: name.to_owned(), kind, going: None })
    }

    /// Removes what a killed upload left: its pieces on S3 by `upload_id`, its unfinished file in a folder. Nothing left is fine.
    ///
    /// # Errors
    /// That the place does not answer or does not allow it.
    pub async fn abandon(&self, name: &str, upload_id: Option<&str>) -> Result<(), StorageError> {
        if let (Some(s3), Some(id)) = (&self.s3, upload_id) {
            let aborted = s3.abort_multipart(&self.path(name), &id.to_owned()).await;
            match aborted.map_err(|error| StorageError::of(name, &error)) {
                Ok(()) | Err(StorageError::Missing(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let Some(folder) = &self.folder else { return Ok(()) };
        let file = folder.join(name);
        let (Some(parent), Some(stem)) = (file.parent(), file.file_name().and_then(|name| name.to_str()))
        else {
            return Ok(());
        };
        let Ok(entries) = std::fs::read_dir(parent) else { return Ok(()) };
        // An unfinished file of object_store has the name of the object, # and a number.
        for entry in entries.filter_map(Result::ok) {
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix(stem)?.strip_prefix('#'));
            if number.is_some_and(|number| number.parse::<u32>().is_ok()) {
                let path = entry.path();
                std::fs::remove_file(&path)
                    .map_err(|error| StorageError::Folder(path.display().to_string(), error))?;
            }
        }
        // Only goes where it is empty.
        let _ = std::fs::remove_dir(parent);
        Ok(())
    }
}

impl Upload {
    /// What [`Storage::abandon`] needs on S3, should this process be killed.
    pub fn id(&self) -> Option<&str> {
        match &self.kind {
            Kind::S3 { id, .. } => Some(id),
            Kind::Other(_) => None,
        }
    }

    /// Sends the next piece (all but the last of one size, at least 5 MiB); returns when the piece before it is there.
    ///
    /// # Errors
    /// That the place does not take the piece before; then the upload is over.
    pub async fn push(&mut self, piece: Bytes) -> Result<(), StorageError> {
        self.settle().await?;
        self.going = Some(match &mut self.kind {
            Kind::S3 { s3, path, id, next, .. } => {
                let (s3, path, id, number) = (Arc::clone(s3), path.clone(), id.clone(), *next);
                *next += 1;
                tokio::spawn(async move { s3.put_part(&path, &id, number, piece.into()).await.map(Some) })
            }
            Kind::Other(upload) => {
                let part: UploadPart = upload.put_part(piece.into());
                tokio::spawn(async move { part.await.map(|()| None) })
            }
        });
        Ok(())
    }

    /// Waits for the piece under way.
    async fn settle(&mut self) -> Result<(), StorageError> {
        let Some(going) = self.going.take() else { return Ok(()) };
        let sent = going.await.map_err(object_store::Error::from).and_then(|sent| sent);
        let part = sent.map_err(|error| StorageError::of(&self.name, &error))?;
        if let (Kind::S3 { parts, .. }, Some(part)) = (&mut self.kind, part) {
            parts.push(part);
        }
        Ok(())
    }

    /// Makes an object of the pieces.
    ///
    /// # Errors
    /// That the place does not; then there is no object.
    pub async fn complete(mut self) -> Result<(), StorageError> {
        self.settle().await?;
        let name = self.name;
        let completed = match self.kind {
            Kind::S3 { s3, path, id, parts, .. } => s3.complete_multipart(&path, &id, parts).await,
            Kind::Other(mut upload) => upload.complete().await,
        };
        completed.map(drop).map_err(|error| StorageError::of(&name, &error))
    }

    /// Gives the pieces up.
    ///
    /// # Errors
    /// That the place does not answer; then they stay until somebody abandons them.
    pub async fn abort(mut self) -> Result<(), StorageError> {
        if let Some(going) = self.going.take() {
            going.abort();
            let _ = going.await;
        }
        let name = self.name;
        let aborted = match self.kind {
            Kind::S3 { s3, path, id, .. } => s3.abort_multipart(&path, &id).await,
            Kind::Other(mut upload) => upload.abort().await,
        };
        aborted.map_err(|error| StorageError::of(&name, &error))
    }
}
