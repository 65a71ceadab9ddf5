//! The uses that call a target or derive from it, however they spell it: the question that a role asks of the code.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::references::Search;
use crate::lang::python::facts::{NameId, Use, UseId, UseRole};
use crate::lang::python::resolve::{self, End, Resolution, Step, Symbol};
use crate::text::snapshot::FileId;

impl Search<'_> {
    /// The uses that call a target, or that classes derive from it, sorted by file and then in the order of evaluation. Where a name is
    /// bound in several ways (`try: from m import f`, `except ImportError: f = None`), one way that leads to a target is enough.
    pub fn used_as(&self, role: UseRole) -> Vec<(FileId, UseId)> {
        self.candidates().par_iter().flat_map_iter(|&file| self.used_as_in(file, role)).collect()
    }

    fn used_as_in(&self, file: FileId, role: UseRole) -> Vec<(FileId, UseId)> {
        let facts = self.index().facts(file);
        let known: FxHashSet<NameId> = self.names().filter_map(|name| facts.names.find(name)).collect();
        // Whatever means a target ends in a name by which it is known.
        let ends = |used: &Use| facts.attributes_of(used).last().map_or(used.name, |attribute| attribute.name);
        let uses = facts.uses.iter().enumerate().filter(|(_, used)| used.flags.role == role && known.contains(&ends(used)));
        uses.filter(|(_, used)| self.means_target(file, used)).map(|(at, _)| (file, UseId::new(at))).collect()
    }

    fn means_target(&self, file: FileId, used: &Use) -> bool {
        let index = self.index();
        let attributes = index.facts(file).attributes_of(used);
        let steps = resolve::steps(index, file, used);
        let Some(Step { hops, end }) = steps.last() else { return false };
        let is_whole = steps.len() == attributes.len() + 1;
        let behind = |way: &Resolution| match &way.end {
            // The last attribute, read out of one of the modules that the name may stand for.
            End::Module(module) if steps.len() == attributes.len() => {
                let name = attributes.last().map(|attribute| index.facts(file).names.get(attribute.name));
                let symbol = name.map(|name| Symbol { module: module.clone(), name: name.into() });
                symbol.is_some_and(|symbol| self.is_hit(&resolve::resolve(index, &symbol)))
            }
            _ => false,
        };
        match end {
            _ if is_whole && self.is_hit(&Resolution { hops: hops.clone(), end: end.clone() }) => true,
            End::Ambiguous(ways) if is_whole => ways.iter().any(|way| self.is_hit(way)),
            End::Ambiguous(ways) => ways.iter().any(behind),
            _ => false,
        }
    }

    fn is_hit(&self, way: &Resolution) -> bool {
        self.hit(way).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::references::Target;
    use crate::index::{Index, Options};
    use crate::text::snapshot::Memory;

    /// The uses in `app.py` that call `jwt:decode`, or derive from it.
    fn found(app: &str, role: UseRole) -> Vec<String> {
        let files = [("app.py", app), ("own.py", "from jwt import decode as read\n"), ("jwt2.py", "def decode(): ...\n")];
        let index = Index::build(Memory::snapshot(files), &Options::default());
        let targets = [Target::Symbol(Symbol { module: index.modules().module("jwt"), name: "decode".into() })];
        let uses = Search::new(&index, &targets).used_as(role);
        uses.iter().map(|(file, used)| index.facts(*file).dotted(&index.facts(*file).uses[used.index()])).collect()
    }

    #[test]
    fn a_call_is_found_however_it_is_spelled() {
        for (text, wanted) in [
            ("import jwt\njwt.decode(1)\n", "jwt.decode"),
            ("import jwt as pyjwt\npyjwt.decode(1)\n", "pyjwt.decode"),
            ("from jwt import decode\ndef f():\n    return decode(1)\n", "decode"),
            ("from own import read\nread(1)\n", "read"),
            ("import own\nown.read(1)\n", "own.read"),
            ("try:\n    import jwt\nexcept ImportError:\n    jwt = None\njwt.decode(1)\n", "jwt.decode"),
            ("try:\n    from jwt import decode\nexcept ImportError:\n    decode = None\ndecode(1)\n", "decode"),
        ] {
            assert_eq!(found(text, UseRole::Callee), [wanted], "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_call_of_it_is_none() {
        for text in [
            "import jwt\nf(jwt.decode)\n",
            "import jwt\njwt.decode.cache_clear()\n",
            "import jwt\njwt.encode(1)\n",
            "import jwt\ndef f(jwt):\n    jwt.decode(1)\n",
            "from jwt2 import decode\ndecode(1)\n",
            "b''.decode()\n",
        ] {
            assert_eq!(found(text, UseRole::Callee), [""; 0], "{text}");
        }
        assert_eq!(found("from jwt import decode\nclass K(decode, list[decode]): ...\n", UseRole::Base), ["decode"]);
    }
}
