//! Build output that is not in the snapshot, traced to the source that a compiler makes it of (`outDir` back to `rootDir`).

use super::specifier::split_ending;
use crate::text::path::RepoPath;
use crate::text::snapshot::Snapshot;

/// The folders of build output, each with the folder of its sources.
#[derive(Clone, Default, Debug)]
pub(super) struct Outputs(pub Vec<(String, String)>);

impl Outputs {
    /// The source of a file of build output, where there is exactly one.
    pub fn source(&self, snapshot: &Snapshot, path: &RepoPath) -> Option<RepoPath> {
        let mut sources = Vec::new();
        for (out, root) in self.0.iter().filter(|(out, _)| path.is_below(out.as_bytes())) {
            let Some((stem, ending, _)) = path.as_str().and_then(|path| split_ending(&path[out.len() + 1..])) else { continue };
            let endings: &[&str] = match ending {
                ".js" | ".jsx" => &[".ts", ".tsx", ".js", ".jsx"],
                ".d.ts" => &[".ts", ".tsx"],
                ".mjs" => &[".mts", ".mjs"],
                ".d.mts" => &[".mts"],
                ".cjs" => &[".cts", ".cjs"],
                ".d.cts" => &[".cts"],
                _ => &[],
            };
            let folder = if root.is_empty() { String::new() } else { format!("{root}/") };
            let named = endings.iter().filter_map(|ending| RepoPath::new(format!("{folder}{stem}{ending}")));
            sources.extend(named.filter(|source| snapshot.file(source).is_some()));
        }
        sources.sort();
        sources.dedup();
        <[RepoPath; 1]>::try_from(sources).ok().map(|[source]| source)
    }
}
