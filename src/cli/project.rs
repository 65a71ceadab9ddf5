//! What a command works on: the root, its repository if it has one, the plan and the phases that are meant.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;

use super::error::CliError;
use super::{Global, note};
use crate::git::journal::Journal;
use crate::git::publish::pending::Recovered;
use crate::git::{Head, Repo, folder};
use crate::plan::spec::{self, Phase, Plan};
use crate::text::snapshot::Snapshot;
use crate::transform::pack::{EmbeddedSiblings, Packs};
use crate::transform::wire::{Siblings, SpecFile, nearest};

/// The folder in which a repository keeps plans and transforms of its own.
const OWN: &str = ".ssot-migrate";

/// The folder to work on.
pub(super) struct Project {
    pub root: PathBuf,
    pub repo: Option<Repo>,
}

/// Which files a plan is made for.
pub(super) enum At<'a> {
    /// HEAD's commit.
    Head,
    /// The commit of a revision.
    Revision(&'a str),
    /// The files of the work tree as they are.
    WorkTree,
}

impl<'a> At<'a> {
    /// From `--at` and `--worktree`.
    pub fn of(revision: Option<&'a str>, worktree: bool) -> Self {
        match (revision, worktree) {
            (Some(revision), _) => At::Revision(revision),
            (None, true) => At::WorkTree,
            (None, false) => At::Head,
        }
    }
}

impl Project {
    /// Opens `--root`, or what lies around the current folder.
    pub fn open(global: &Global) -> Result<Self, CliError> {
        let root = match &global.root {
            Some(root) => root.clone(),
            None => {
                let here = std::env::current_dir().map_err(|error| CliError::io("the current folder", error))?;
                Repo::discover(&here)?.unwrap_or(here)
            }
        };
        let root = root.canonicalize().map_err(|error| CliError::io(root.display().to_string(), error))?;
        if !root.is_dir() {
            return Err(CliError::usage(format!("{} is not a folder", root.display())));
        }
        match Repo::open(&root) {
            Ok(repo) => {
                repo.discard_checkouts();
                if let Some(recovered) = repo.recover() {
                    tell(&recovered);
                }
                Ok(Self { root, repo: Some(repo) })
            }
            Err(crate::git::GitError::NotARepository(_)) => Ok(Self { root, repo: None }),
            Err(error) => Err(error.into()),
        }
    }

    /// The repository; an error where there is none.
    pub fn repo(&self) -> Result<&Repo, CliError> {
        self.repo.as_ref().ok_or_else(|| {
            let error = CliError::usage(format!("{} is not a git repository, and this command needs one", self.root.display()));
            match Repo::discover(&self.root) {
                Ok(Some(top)) => error.hint(format!("it lies in the repository {0}: --root {0}", top.display())),
                _ => error.hint("run `git init` and commit the files first"),
            }
        })
    }

    /// The files to plan for, what to call them, and the journal that goes with them.
    pub fn snapshot(&self, at: &At<'_>, plan: &Plan) -> Result<(Snapshot, String, Journal), CliError> {
        let Some(repo) = &self.repo else {
            return match at {
                At::Revision(_) => Err(self.repo().err().unwrap_or_else(|| CliError::usage("no repository".to_owned()))),
                At::Head | At::WorkTree => {
                    Ok((folder::snapshot(&self.root)?, format!("the folder {}", self.root.display()), Journal::default()))
                }
            };
        };
        if let At::WorkTree = at {
            let journal = match repo.head()? {
                Head::Branch { commit, .. } | Head::Detached(commit) => repo.journal(commit, &plan.name)?,
                Head::Unborn(_) => Journal::default(),
            };
            return Ok((repo.work_tree_snapshot()?, "the work tree".to_owned(), journal));
        }
        let revision = if let At::Revision(revision) = at { Some(*revision) } else { None };
        let commit = repo.commit(revision)?;
        let short = &commit.to_string()[..10];
        let name = match (revision, repo.head()?) {
            (Some(revision), _) if !commit.to_string().starts_with(revision) => format!("{revision} at {short}"),
            (None, Head::Branch { name, .. }) => format!("{} at {short}", crate::git::short(&name)),
            _ => short.to_owned(),
        };
        Ok((repo.snapshot(commit)?, name, repo.journal(commit, &plan.name)?))
    }

    /// Reads the plan that is meant.
    pub fn plan(&self, global: &Global) -> Result<Plan, CliError> {
        let packs = self.packs()?;
        let name = global.plan();
        if is_file(name) {
            let path = Path::new(name);
            return self.read(path, &packs);
        }
        let own = self.root.join(OWN).join("plans");
        let path = own.join(format!("{name}.toml"));
        if path.is_file() {
            self.check_inside(&path)?;
            return self.read(&path, &packs);
        }
        match spec::embedded(name) {
            Some(file) => Ok(spec::read(&file, &EmbeddedSiblings, &packs)?),
            None => {
                let mut known = spec::embedded_names();
                known.extend(toml_files(&own).into_iter().map(|(name, _)| name));
                known.sort();
                let error = CliError::usage(format!("there is no plan `{name}`"));
                let nearest = nearest(name, known.iter().map(String::as_str)).map(|name| format!("did you mean `{name}`?"));
                Err(error.hint(
                    nearest.unwrap_or_else(|| format!("the plans are {}; a file is named with its path", known.join(", "))),
                ))
            }
        }
    }

    /// What names the plan that is meant in a file that others may read elsewhere: its name, its path from the root, or, outside of the
    /// root, its whole path.
    pub fn plan_source(&self, global: &Global) -> Result<String, CliError> {
        if !is_file(global.plan()) {
            return Ok(global.plan().to_owned());
        }
        let path = Path::new(global.plan());
        let real = path.canonicalize().map_err(|error| CliError::io(path.display().to_string(), error))?;
        let from_root = real.strip_prefix(&self.root).map(|inside| Path::new(".").join(inside));
        Ok(from_root.unwrap_or(real).display().to_string())
    }

    /// Reads the plan that [`Project::plan_source`] named.
    pub fn plan_at(&self, global: &Global, source: &str) -> Result<Plan, CliError> {
        let found = if is_file(source) { self.root.join(source).display().to_string() } else { source.to_owned() };
        self.plan(&Global { plan: Some(found), ..global.clone() })
    }

    fn read(&self, path: &Path, packs: &Packs) -> Result<Plan, CliError> {
        let text = read_spec(path).map_err(|error| CliError::io(path.display().to_string(), error))?;
        let file = Arc::new(SpecFile { name: path.display().to_string(), text });
        Ok(spec::read(&file, &OnDisk, packs)?)
    }

    /// The embedded transforms and, over them, the repository's own.
    ///
    /// # Errors
    /// One of them cannot be read, or a link leads out of the root.
    pub fn packs(&self) -> Result<Packs, CliError> {
        let mut packs = Packs::embedded();
        for (id, path) in toml_files(&self.root.join(OWN).join("transforms")) {
            self.check_inside(&path)?;
            let text = read_spec(&path).map_err(|error| CliError::io(path.display().to_string(), error))?;
            packs.add(id, SpecFile { name: path.display().to_string(), text });
        }
        Ok(packs)
    }

    fn check_inside(&self, path: &Path) -> Result<(), CliError> {
        let real = path.canonicalize().map_err(|error| CliError::io(path.display().to_string(), error))?;
        match real.starts_with(&self.root) {
            true => Ok(()),
            false => Err(CliError::usage(format!("{} is a link that leads out of the root", path.display()))),
        }
    }
}

/// Whether what names a plan is a file's path.
fn is_file(name: &str) -> bool {
    name.ends_with(".toml") || name.contains(['/', '\\'])
}

/// The largest plan, transform or table of moves that is read, in bytes.
const LARGEST: u64 = 16 << 20;

/// Reads a file that people write. One that is no file, such as a pipe, might never end.
fn read_spec(path: &Path) -> std::io::Result<String> {
    let found = std::fs::metadata(path)?;
    match found.len() {
        _ if !found.is_file() => Err(std::io::Error::other("it is not a regular file")),
        length if length > LARGEST => Err(std::io::Error::other(format!("it is larger than {} MiB", LARGEST >> 20))),
        _ => std::fs::read_to_string(path),
    }
}

/// The TOML files below a folder: their paths without the suffix as ids, and the paths; sorted.
fn toml_files(folder: &Path) -> Vec<(String, PathBuf)> {
    let files = WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(Result::ok);
    let entry = |entry: walkdir::DirEntry| {
        let path = entry.into_path();
        let is_toml = path.is_file() && path.extension().is_some_and(|extension| extension == "toml");
        let id = path.strip_prefix(folder).ok()?.with_extension("").to_str()?.replace('\\', "/");
        is_toml.then_some((id, path))
    };
    files.filter_map(entry).collect()
}

/// The phases that are meant, in the plan's order: those named and, unless `only`, those that they require; without a name, all. Of
/// phases that are not named, only such with steps that have not been applied.
pub(super) fn select<'p>(plan: &'p Plan, named: &[String], only: bool, journal: &Journal) -> Result<Vec<&'p Phase>, CliError> {
    check_phases(plan, named)?;
    let is_open = |phase: &Phase| phase.steps.iter().any(|step| !journal.is_applied(&phase.id, &step.id));
    let is_wanted = |phase: &&Phase| {
        let is_required = || named.iter().any(|id| plan.required(id).iter().any(|required| required.id == phase.id));
        named.contains(&phase.id) || (is_open(phase) && (named.is_empty() || (!only && is_required())))
    };
    Ok(plan.phases.iter().filter(is_wanted).collect())
}

/// Refuses phases that the plan does not have.
pub(super) fn check_phases(plan: &Plan, named: &[String]) -> Result<(), CliError> {
    let Some(unknown) = named.iter().find(|id| plan.phase(id).is_none()) else { return Ok(()) };
    let ids: Vec<&str> = plan.phases.iter().map(|phase| phase.id.as_str()).collect();
    Err(suggested(CliError::usage(format!("the plan `{}` has no phase `{unknown}`", plan.name)), unknown, "phases", &ids))
}

/// Adds to an error which of the known ids was perhaps meant, or else all of them.
pub(super) fn suggested(error: CliError, id: &str, what: &str, known: &[&str]) -> CliError {
    let near = nearest(id, known.iter().copied()).map(|id| format!("did you mean `{id}`?"));
    error.hint(near.unwrap_or_else(|| format!("its {what} are {}", known.join(", "))))
}

/// Files on disk, beside plans and transforms on disk; and the embedded ones beside the embedded.
struct OnDisk;

impl Siblings for OnDisk {
    fn sibling(&self, of: &SpecFile, name: &str) -> Result<Arc<SpecFile>, String> {
        let Some(folder) = Path::new(&of.name).parent().filter(|_| Path::new(&of.name).is_file()) else {
            return EmbeddedSiblings.sibling(of, name);
        };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let path = folder.join(name);
        let real = |path: &Path| path.canonicalize().map_err(|error| error.to_string());
        if !real(&path)?.starts_with(real(folder)?) {
            return Err("it is a link that leads out of the plan's folder".to_owned());
        }
        let text = read_spec(&path).map_err(|error| error.to_string())?;
        Ok(Arc::new(SpecFile { name: path.display().to_string(), text }))
    }
}

/// Says what became of a change that was interrupted.
fn tell(recovered: &Recovered) {
    note(&match recovered {
        Recovered::Discarded => "an interrupted change was found and discarded: it had not moved the branch".to_owned(),
        Recovered::Finished { commit, kept } => {
            let kept: String = kept.iter().map(|path| format!("\n  {path}")).collect();
            let but = if kept.is_empty() { String::new() } else { format!("; changed since, and left alone:{kept}") };
            format!("an interrupted change was found and finished: the files are at {} now{but}", &commit[..10])
        }
        Recovered::Moved { commit } => {
            format!("a change to {} was interrupted, and the branch has moved since: look at `git status`", &commit[..10])
        }
        Recovered::Locked(lock) => {
            format!("an interrupted change waits for a lock: remove {} if no git process runs", lock.display())
        }
        Recovered::Waits(reason) => {
            format!("an interrupted change could not be finished, and the next command tries again: {reason}")
        }
    });
}
