//! `ssot-migrate why`: which step changes a line and how, or why none does.

use std::path::Path;

use super::error::CliError;
use super::plan::{Selection, built};
use super::project::{At, Project};
use super::{Answer, Global};
use crate::index::Index;
use crate::lang::{is_source, python};
use crate::plan::build::Built;
use crate::plan::spec::Plan;
use crate::plan::trace::{line_span, trace};
use crate::report::why::{Nothing, nothing, touches};
use crate::text::path::RepoPath;
use crate::text::snapshot::Snapshot;
use crate::transform::Subject;
use crate::transform::python::mention::mentions;
use crate::transform::wire::nearest;

/// Show which step changes a line, or why none does; phases that are applied already are looked at too
#[derive(clap::Args, Debug)]
#[command(mut_arg("phase", |phase| phase.help("The phase to look at, with the pending phases that it requires; may be given several times [default: all, applied ones too]")))]
pub(super) struct Args {
    /// The line, counted from 1, of a file
    #[arg(value_name = "FILE:LINE")]
    place: String,
    #[command(flatten)]
    selection: Selection,
    /// Look at another commit than HEAD's
    #[arg(long, value_name = "REV")]
    at: Option<String>,
    /// Look at the files of the work tree, uncommitted changes and new files included
    #[arg(long, conflicts_with = "at")]
    worktree: bool,
}

pub(super) fn run(global: &Global, args: &Args) -> Result<Answer, CliError> {
    let (file, line) = read(&args.place)?;
    let project = Project::open(global)?;
    let plan = project.plan(global)?;
    let at = At::of(args.at.as_deref(), args.worktree);
    let (snapshot, base, _) = project.snapshot(&at, &plan)?;
    let path = find(&project, &snapshot, file)?;
    let bytes = snapshot.file(&path).map(|file| snapshot.read(file)).transpose()?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let Some(span) = line_span(&text, line) else {
        let lines = (1..).take_while(|&line| line_span(&text, line).is_some()).count();
        return Ok(nothing(&path, line, None, &base, &[Nothing::NoSuchLine(lines)]).into());
    };
    let shown = Some(&text[span.range()]);
    if !is_source(&path) {
        return Ok(nothing(&path, line, shown, &base, &[Nothing::NotSource]).into());
    }
    let (built, _) = built(&project, &plan, &at, &all_phases(&plan, &args.selection))?;
    let found = trace(&built, args.selection.threshold(), &path, line).unwrap_or_default();
    if !found.is_empty() {
        return Ok(touches(&path, line, &text[span.range()], &base, &found).into());
    }
    Ok(nothing(&path, line, shown, &base, &why_not(&plan, &built, &path, line)).into())
}

/// Reads `FILE:LINE`.
fn read(place: &str) -> Result<(&str, u32), CliError> {
    let parts = place.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?)));
    match parts.filter(|(file, line)| !file.is_empty() && *line > 0) {
        Some(parts) => Ok(parts),
        None => {
            let error = CliError::usage(format!("`{place}` is not a line of a file"));
            Err(error.hint("write FILE:LINE, such as pkg/mod.py:12; lines count from 1"))
        }
    }
}

/// The selection, with all phases where none is named: that of a phase which is applied already is asked about as well.
fn all_phases(plan: &Plan, selection: &Selection) -> Selection {
    let Selection { phase, only, review } = selection;
    match phase.is_empty() {
        true => Selection { phase: plan.phases.iter().map(|phase| phase.id.clone()).collect(), only: true, review: *review },
        false => Selection { phase: phase.clone(), only: *only, review: *review },
    }
}

/// The file that is meant: a path from the root, from the current folder, or from the top of the file system.
fn find(project: &Project, snapshot: &Snapshot, file: &str) -> Result<RepoPath, CliError> {
    let below = |path: &Path| path.strip_prefix(&project.root).ok().and_then(|path| RepoPath::new(path.to_str()?));
    let from_here = || {
        let here = std::env::current_dir().and_then(|here| here.join(file).canonicalize()).ok()?;
        below(&here)
    };
    let from_root = RepoPath::new(file.trim_start_matches("./"));
    let known = [from_root, from_here()].into_iter().flatten().find(|path| snapshot.file(path).is_some());
    if let Some(path) = known {
        return Ok(path);
    }
    let error = CliError::usage(format!("there is no file `{file}`"));
    if project.root.join(file).is_file() {
        return Err(
            error.hint("it is on the disk, but not among the files that are looked at; --worktree looks at new files too")
        );
    }
    let paths: Vec<String> = snapshot.files().iter().map(|file| file.path.to_text()).collect();
    Err(match nearest(file, paths.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("a file is named by its path from the root"),
    })
}

/// Why no finding concerns the line.
fn why_not(plan: &Plan, built: &Built, path: &RepoPath, line: u32) -> Vec<Nothing> {
    let index = Index::build(built.base.clone(), &plan.options);
    let Some(file) = index.snapshot().id(path) else { return Vec::new() };
    let mut why = Vec::new();
    if !plan.scope.contains(path) {
        why.push(Nothing::OutOfScope);
    }
    let text = index.text(file).unwrap_or_default();
    let is_python = python::is_source(path);
    let error = match is_python {
        true => index.facts(file).errors.first().map(|error| (error.span.start, error.message.to_string())),
        false => index.typescript().facts(file).errors.first().map(|error| (error.span.start, error.message.to_string())),
    };
    if let Some((at, message)) = error {
        why.push(Nothing::Unparsable(index.position(file, at).line, message));
    }
    if !is_python {
        // Which words a TypeScript rule is about is not told.
        return if why.is_empty() { vec![Nothing::Words(Vec::new())] } else { why };
    }
    let Some(span) = line_span(&text, line) else { return why };
    let is_planned = |phase: &str| built.steps.iter().any(|step| step.phase == phase);
    let steps = plan.phases.iter().filter(|phase| is_planned(&phase.id)).flat_map(|phase| &phase.steps);
    let mut subjects: Vec<Subject> = steps.flat_map(|step| step.transform.rule.subjects(&index)).collect();
    subjects.sort();
    subjects.dedup();
    let words = mentions(&index, file, span, &subjects);
    if why.is_empty() || !words.is_empty() {
        why.push(Nothing::Words(words));
    }
    why
}
