//! `ssot-migrate test`: runs the examples of the transforms.

use std::fmt::Write;

use super::error::CliError;
use super::explain::no_such_transform;
use super::project::Project;
use super::{Answer, Global};
use crate::text::plain;
use crate::text::words::count;
use crate::transform::pack::load;

/// Run the examples of transforms: all of them, or those that are named
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The transforms, such as `websocket/legacy-manager`
    #[arg(value_name = "ID")]
    ids: Vec<String>,
}

pub(super) fn run(global: &Global, args: &Args) -> Result<Answer, CliError> {
    let packs = Project::open(global)?.packs()?;
    if let Some(id) = args.ids.iter().find(|id| packs.get(id).is_none()) {
        return Err(no_such_transform(&packs, id));
    }
    let is_wanted = |id: &str| args.ids.is_empty() || args.ids.iter().any(|wanted| wanted == id);
    // Writing to a string cannot fail.
    let mut out = String::new();
    let (mut passed, mut failed) = (0, 0);
    for (id, file) in packs.iter().filter(|(id, _)| is_wanted(id)) {
        let (transform, examples) = load(id, file)?;
        for example in &examples {
            match example.run(&transform) {
                Ok(()) => passed += 1,
                Err(difference) => {
                    failed += 1;
                    let (line, _) = example.origin.line_column();
                    let place = format!("{}:{line}: {id}, {}", example.origin.file.name, example.title);
                    let _ = writeln!(out, "{}: {difference}\n", plain::line(&place));
                }
            }
        }
    }
    let _ = writeln!(out, "{} passed, {failed} failed", count(passed, "example"));
    Ok(Answer::text(&out, u8::from(failed > 0)))
}
