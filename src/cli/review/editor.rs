//! The user's editor, found and started as git does it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
#[cfg(unix)]
use std::sync::atomic::{AtomicBool, Ordering};
#[cfg(unix)]
use std::sync::{Arc, OnceLock};

#[cfg(unix)]
use signal_hook::consts::{SIGINT, SIGQUIT};
#[cfg(unix)]
use signal_hook::flag::register_conditional_default;

use super::super::error::CliError;

/// Opens a text in the editor and returns what it has become.
///
/// # Errors
/// There is no editor, or it failed; the text is as it was then.
pub(super) fn edit(folder: &Path, configured: Option<String>, text: &str, suffix: &str) -> Result<String, CliError> {
    let editor = editor(configured)?;
    let failed = |what: &Path, error| CliError::io(what.display().to_string(), error);
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let file = tempfile::Builder::new().prefix("REVIEW-").suffix(suffix).tempfile_in(folder);
    let mut file = file.map_err(|error| failed(folder, error))?;
    file.write_all(text.as_bytes()).and_then(|()| file.flush()).map_err(|error| failed(file.path(), error))?;
    // The setting is a shell command, as in `code --wait`. Ctrl-C ends the shell no more than this program.
    let quiet = Interrupts::left_to_others();
    let status =
        Command::new("sh").arg("-c").arg(format!("trap : INT QUIT; {editor} \"$@\"")).arg(&editor).arg(file.path()).status();
    drop(quiet);
    let status = status.map_err(|error| CliError::io("sh", error))?;
    if !status.success() {
        let error = CliError::usage(format!("the editor `{editor}` failed ({status})"));
        return Err(error.hint("set GIT_EDITOR, git's core.editor, VISUAL or EDITOR"));
    }
    // Editors may put a new file in the place of the old one, so it is read by its name.
    fs::read_to_string(file.path()).map_err(|error| failed(file.path(), error))
}

fn editor(configured: Option<String>) -> Result<String, CliError> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let is_dumb = set("TERM").is_none_or(|terminal| terminal == "dumb");
    let visual = || if is_dumb { None } else { set("VISUAL") };
    let found = set("GIT_EDITOR").or(configured).or_else(visual).or_else(|| set("EDITOR"));
    match found {
        Some(editor) => Ok(editor),
        None if is_dumb => {
            let error = CliError::usage("the terminal is dumb, and no editor is set for it".to_owned());
            Err(error.hint("set EDITOR"))
        }
        None => Ok("vi".to_owned()),
    }
}

/// Ctrl-C and Ctrl-\ are for the editor while it runs, as with git: the terminal sends them to all that stands in it.
struct Interrupts;

#[cfg(unix)]
impl Interrupts {
    fn left_to_others() -> Self {
        if let Some(is_ours) = Self::are_ours() {
            is_ours.store(false, Ordering::SeqCst);
        }
        Self
    }

    /// Whether they end this program, as they do by default; `None` where that cannot be changed.
    fn are_ours() -> Option<&'static Arc<AtomicBool>> {
        static ARE_OURS: OnceLock<Option<Arc<AtomicBool>>> = OnceLock::new();
        let register = || {
            let ours = Arc::new(AtomicBool::new(true));
            for signal in [SIGINT, SIGQUIT] {
                register_conditional_default(signal, ours.clone()).ok()?;
            }
            Some(ours)
        };
        ARE_OURS.get_or_init(register).as_ref()
    }
}

#[cfg(unix)]
impl Drop for Interrupts {
    fn drop(&mut self) {
        if let Some(is_ours) = Self::are_ours() {
            is_ours.store(true, Ordering::SeqCst);
        }
    }
}

#[cfg(not(unix))]
impl Interrupts {
    fn left_to_others() -> Self {
        Self
    }
}
