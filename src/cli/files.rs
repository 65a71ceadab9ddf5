//! Files that the tool writes for people beside the repository's own: saved plans and answers, each at once or not at all.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::error::CliError;
use crate::plan::artefact::is_saved_plan;

/// Refuses to write over what is no saved plan, or through a link.
pub(super) fn check_target(path: &Path) -> Result<(), CliError> {
    let shown = path.display();
    let folder = folder_of(path);
    if !folder.is_dir() {
        return Err(CliError::usage(format!("{shown}: there is no folder {}", folder.display())).hint("make it first"));
    }
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        found => found.map_err(|error| CliError::io(shown.to_string(), error))?,
    };
    if !found.is_file() {
        let what = if found.is_symlink() { "a link" } else { "not a regular file" };
        return Err(CliError::usage(format!("{shown} is {what}, and a plan is not saved there")).hint("name another file"));
    }
    // An empty file, as `mktemp` makes one, holds nothing that could be lost.
    if found.len() == 0 || fs::read_to_string(path).is_ok_and(|text| is_saved_plan(&text)) {
        return Ok(());
    }
    let error = CliError::usage(format!("{shown} exists and is not a saved plan: it is not overwritten"));
    Err(error.hint("name another file, or remove this one first"))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a file at once or not at all: into a temporary one beside it, which then takes its place.
pub(super) fn save(path: &Path, text: &str) -> Result<(), CliError> {
    check_target(path)?;
    replace(path, text)
}

/// Puts a text in the place of a file, if there is one, at once or not at all.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), CliError> {
    let failed = |error| CliError::io(path.display().to_string(), error);
    let folder = folder_of(path);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".ssot-migrate-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
