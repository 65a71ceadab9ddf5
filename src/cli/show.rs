//! `ssot-migrate show FILE`: what a saved plan does, and how it stands to the files as they are.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::error::CliError;
use super::format::PlanFormat;
use super::project::Project;
use super::{Answer, Global, saved};
use crate::git::Head;
use crate::plan::artefact::Artefact;
use crate::report::diff;
use crate::report::saved::Shown;
use crate::text::blob::{BlobId, Mode};
use crate::text::path::RepoPath;
use crate::text::snapshot::{File, ReadError, Snapshot, Source};

/// Show what a saved plan does, and whether the files are still what it was made for
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// A plan saved by `plan --out`
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t = PlanFormat::Text)]
    format: PlanFormat,
}

pub(super) fn run(global: &Global, args: &Args) -> Result<Answer, CliError> {
    if global.plan.is_some() {
        let error = CliError::usage("a saved plan is shown as it was saved, and --plan has no say in it".to_owned());
        return Err(error.hint("leave --plan out"));
    }
    let artefact = saved::read(&args.file)?;
    let project = Project::open(global)?;
    if args.format == PlanFormat::Diff {
        return Ok(Answer { out: patch(&artefact, &project)?, code: 0 });
    }
    let shown = Shown { artefact: &artefact, against: against(&artefact, &project)? };
    let out = match args.format {
        PlanFormat::Json => shown.json(),
        PlanFormat::Markdown => shown.markdown(),
        PlanFormat::Text | PlanFormat::Diff => shown.text(),
    };
    Ok(out.into())
}

/// How the plan stands to HEAD's commit.
fn against(
    artefact: &Artefact,
    project: &Project,
) -> Result<Result<(String, crate::plan::artefact::standing::Standing), String>, CliError> {
    let Some(repo) = &project.repo else {
        return Ok(Err(format!("{} is not a git repository", project.root.display())));
    };
    let (name, commit) = match repo.head()? {
        Head::Branch { name, commit } => (crate::git::short(&name).to_owned(), commit),
        Head::Detached(commit) => ("HEAD".to_owned(), commit),
        Head::Unborn(name) => return Ok(Err(format!("the branch `{name}` has no commit yet"))),
    };
    let standing = artefact.standing(&repo.snapshot(commit)?)?;
    Ok(Ok((format!("{name} at {}", &commit.to_string()[..10]), standing)))
}

/// The plan as a patch on the files that it was made for, by their contents in the object database, whatever the files are now. Of
/// files whose content is not there a line says so; `git apply` passes over such lines.
fn patch(artefact: &Artefact, project: &Project) -> Result<Vec<u8>, CliError> {
    let inputs: Vec<(RepoPath, Mode, BlobId)> =
        artefact.inputs().into_iter().map(|(path, (blob, mode))| (path, mode, blob)).collect();
    let base = match &project.repo {
        Some(repo) => repo.snapshot_of(inputs.iter().cloned()),
        None => {
            let file = |(path, mode, blob): &(RepoPath, Mode, BlobId)| File::stored(path.clone(), *mode, Some(*blob));
            Snapshot::new(inputs.iter().map(file).collect(), Vec::new(), Arc::new(Nowhere))
        }
    };
    let is_missing = |(path, ..): &&(RepoPath, Mode, BlobId)| base.file(path).is_none_or(|file| base.read(file).is_err());
    let missing: BTreeSet<&RepoPath> = inputs.iter().filter(is_missing).map(|(path, ..)| path).collect();
    let mut out = Vec::new();
    for path in &missing {
        out.extend_from_slice(
            format!("# {path}: the content that it was planned for is not here, so its change is not shown\n").as_bytes(),
        );
    }
    out.extend(diff::render(&artefact.net(&base, &missing)?));
    Ok(out)
}

/// No content at all, outside of any repository.
struct Nowhere;

impl Source for Nowhere {
    fn read(&self, file: &File) -> Result<Vec<u8>, ReadError> {
        let blob = file.known_blob().unwrap_or_else(|| BlobId::of(b""));
        Err(ReadError::MissingBlob { path: file.path.clone(), blob })
    }
}
