//! The repository's hooks, run as git runs them: which there are, where they run, and what they are told.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use git2::ErrorCode;

use super::programs::{Call, Programs};
use crate::git::{GitError, Repo};

/// The hooks of a repository, and who runs them.
pub(super) struct Hooks<'h> {
    /// Where they are; `None` where there are none.
    folder: Option<PathBuf>,
    programs: &'h dyn Programs,
    /// Whether `pre-commit` and `commit-msg` are run.
    verifies: bool,
    /// Whether there is a work tree; without one, git makes no commits, and only moving a branch has a hook.
    has_work_tree: bool,
}

/// The repository as a hook sees it.
pub(super) struct Scene<'s> {
    /// The git directory.
    pub git_dir: &'s Path,
    /// The top of the files; the hook runs there.
    pub files: Option<&'s Path>,
    /// The index; that of the git directory where none is named.
    pub index: Option<&'s Path>,
    /// Further variables.
    pub variables: Vec<(&'static str, OsString)>,
}

impl Repo {
    /// The repository's hooks. `verifies` says whether those are run that `git commit --no-verify` leaves out.
    ///
    /// # Errors
    /// `core.hooksPath` names the home of nobody.
    pub(super) fn hooks<'h>(&self, verifies: bool, programs: &'h dyn Programs) -> Result<Hooks<'h>, GitError> {
        let folder = match self.inner.config()?.get_path("core.hooksPath") {
            // A relative path starts where hooks run: at the top of the work tree, or in a bare repository.
            // With an empty one, git runs none.
            Ok(path) => Some(self.top().join(&path)).filter(|_| !path.as_os_str().is_empty()),
            Err(error) if error.code() == ErrorCode::NotFound => Some(self.inner.commondir().join("hooks")),
            Err(error) => return Err(error.into()),
        };
        Ok(Hooks { folder, programs, verifies, has_work_tree: self.inner.workdir().is_some() })
    }

    /// The top of the work tree; of a bare repository the git directory.
    pub(in crate::git) fn top(&self) -> &Path {
        self.inner.workdir().unwrap_or(self.inner.path())
    }

    /// The repository itself as a hook sees it.
    pub(super) fn scene(&self) -> Scene<'_> {
        Scene { git_dir: self.inner.path(), files: self.inner.workdir(), index: None, variables: Vec::new() }
    }
}

impl Hooks<'_> {
    /// Whether a hook is there and is run.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// A hook's program, if it is run. As with git, one that is not executable is not.
    fn find(&self, name: &str) -> Option<PathBuf> {
        let is_wanted = match name {
            "pre-commit" | "commit-msg" => self.verifies && self.has_work_tree,
            "reference-transaction" => true,
            _ => self.has_work_tree,
        };
        let program = self.folder.as_ref()?.join(name);
        (is_wanted && is_executable(&program)).then_some(program)
    }

    /// Runs a hook, if it is there; what it says where it fails.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn run(
        &self,
        name: &'static str,
        arguments: &[OsString],
        input: &[u8],
        scene: &Scene<'_>,
    ) -> Result<Option<String>, GitError> {
        let Some(program) = self.find(name) else { return Ok(None) };
        let folder = scene.files.unwrap_or(scene.git_dir);
        let mut variables: Vec<(&'static str, OsString)> = vec![
            ("GIT_DIR", scene.git_dir.into()),
            ("GIT_PREFIX", OsString::new()),
            // Nobody is there to edit a message.
            ("GIT_EDITOR", ":".into()),
        ];
        if let Some(files) = scene.files {
            let index = scene.index.map_or_else(|| scene.git_dir.join("index"), Path::to_owned);
            variables.extend([("GIT_WORK_TREE", files.into()), ("GIT_INDEX_FILE", index.into())]);
        }
        variables.extend(scene.variables.iter().cloned());
        let call = Call { name, program, arguments: arguments.to_vec(), folder, variables, input, is_hook: true };
        let said = self.programs.run(&call).map_err(|error| GitError::Io { path: call.program.clone(), error })?;
        let output = if said.shown.is_empty() { String::new() } else { format!(":\n{}", said.shown) };
        Ok((!said.is_good).then(|| format!("{}{output}", said.end)))
    }
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}
