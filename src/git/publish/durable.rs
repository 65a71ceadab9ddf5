//! What has been written stays written: files and folders are flushed to the disk before anything relies on them (`fsync`, POSIX).

use std::fs::File;
use std::io::ErrorKind;
use std::path::PathBuf;

use rayon::prelude::*;

use crate::git::{GitError, io};

/// Makes files and folders durable, several at once: most of the time goes into waiting.
pub(in crate::git) fn sync(paths: &[PathBuf]) -> Result<(), GitError> {
    paths.par_iter().try_for_each(|path| match File::open(path) {
        Ok(file) => match file.sync_all() {
            // Not every file system knows how to do it for a folder.
            Err(error) if path.is_dir() && matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
            synced => synced.map_err(io(path)),
        },
        // Windows opens no folders.
        Err(_) if !cfg!(unix) => Ok(()),
        Err(error) => Err(io(path)(error)),
    })
}
