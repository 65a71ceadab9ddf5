//! `ssot-migrate explain`: the manual page of a transform, or a list of all.

use std::fmt::Write;

use super::error::CliError;
use super::project::Project;
use super::{Answer, Global};
use crate::report::page::page;
use crate::text::plain;
use crate::transform::pack::{Packs, load};
use crate::transform::wire::nearest;

/// Show the manual page of a transform; without an id, list the transforms
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The transform, such as `websocket/legacy-manager`
    #[arg(value_name = "ID")]
    id: Option<String>,
}

pub(super) fn run(global: &Global, args: &Args) -> Result<Answer, CliError> {
    let packs = Project::open(global)?.packs()?;
    let Some(id) = &args.id else {
        let width = packs.ids().map(|id| id.chars().count()).max().unwrap_or_default();
        // Writing to a string cannot fail.
        let mut out = String::new();
        for (id, file) in packs.iter() {
            let title = load(id, file).map_or_else(|_| "cannot be read".to_owned(), |(transform, _)| transform.title);
            let _ = writeln!(out, "{:width$}  {}", plain::line(id), plain::line(&title));
        }
        return Ok(out.into());
    };
    let Some(file) = packs.get(id) else {
        return Err(no_such_transform(&packs, id));
    };
    let (transform, examples) = load(id, file)?;
    Ok(page(&transform, &examples).into())
}

/// Says that there is no transform of a name, and which may be meant.
pub(super) fn no_such_transform(packs: &Packs, id: &str) -> CliError {
    let error = CliError::usage(format!("there is no transform `{id}`"));
    match nearest(id, packs.ids()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("`ssot-migrate explain` lists them"),
    }
}
