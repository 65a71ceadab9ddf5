//! Which parameter gets which argument of a call (the language reference, 6.3.4).

use super::{Parameter, Signature};

/// What a parameter gets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Bound {
    /// The argument with this index.
    Argument(usize),
    /// Its default.
    Default,
    /// `*args` or `**kwargs`: the arguments with these indices, in the order of the call.
    Rest(Vec<usize>),
}

impl Signature {
    /// Binds the arguments of a call, each given by name or, with `None`, by its place. Says for each parameter what it gets, in the
    /// order of the signature.
    ///
    /// # Errors
    /// The call fails; the message says why, in the words of Python's own error.
    pub fn bind(&self, arguments: &[Option<&str>]) -> Result<Vec<(&str, Bound)>, String> {
        let by_place: Vec<usize> = (0..arguments.len()).filter(|&at| arguments[at].is_none()).collect();
        let mut bound: Vec<(&Parameter, Option<usize>)> = Vec::new();
        for (at, parameter) in self.positional.iter().enumerate() {
            bound.push((parameter, by_place.get(at).copied()));
        }
        bound.extend(self.by_name.iter().map(|parameter| (parameter, None)));
        let more = by_place.get(self.positional.len()..).unwrap_or_default().to_vec();
        if self.rest.is_none() && !more.is_empty() {
            let takes = self.positional.len();
            return Err(format!("takes {takes} positional argument{}", if takes == 1 { "" } else { "s" }));
        }
        let mut named = Vec::new();
        for (at, name) in arguments.iter().enumerate().filter_map(|(at, name)| Some((at, (*name)?))) {
            let known = bound.iter().position(|(parameter, _)| parameter.name == name);
            match known.filter(|&known| known >= self.only_by_place) {
                Some(known) if bound[known].1.is_some() => return Err(format!("got multiple values for argument `{name}`")),
                Some(known) => bound[known].1 = Some(at),
                None if self.named_rest.is_some() => named.push(at),
                None => return Err(format!("got an unexpected keyword argument `{name}`")),
            }
        }
        if let Some((missing, _)) = bound.iter().find(|(parameter, at)| at.is_none() && parameter.default.is_none()) {
            return Err(format!("missing the argument `{}`", missing.name));
        }
        let plain = bound.into_iter().map(|(parameter, at)| (&*parameter.name, at.map_or(Bound::Default, Bound::Argument)));
        let rest = self.rest.as_deref().map(|name| (name, Bound::Rest(more)));
        let named = self.named_rest.as_deref().map(|name| (name, Bound::Rest(named)));
        Ok(plain.chain(rest).chain(named).collect())
    }

    /// The names of the parameters, in the order of the signature.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let plain = self.positional.iter().chain(&self.by_name).map(|parameter| &*parameter.name);
        plain.chain(self.rest.as_deref()).chain(self.named_rest.as_deref())
    }

    /// The default of a parameter, as it is written.
    pub fn default_of(&self, name: &str) -> Option<&str> {
        let parameter = self.positional.iter().chain(&self.by_name).find(|parameter| parameter.name == name)?;
        parameter.default.as_deref()
    }

    /// The name of the parameter that may be given at a place.
    pub fn at_place(&self, place: usize) -> Option<&str> {
        self.positional.get(place).map(|parameter| &*parameter.name)
    }

    /// Whether all that a call can give goes to `*args` and `**kwargs`.
    pub fn takes_anything(&self) -> bool {
        self.positional.is_empty() && self.by_name.is_empty() && self.rest.is_some() && self.named_rest.is_some()
    }

    /// The name of `*args`, where there is one.
    pub fn rest(&self) -> Option<&str> {
        self.rest.as_deref()
    }

    /// The name of `**kwargs`, where there is one.
    pub fn named_rest(&self) -> Option<&str> {
        self.named_rest.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::python::signature::{ShapeKind, shape};
    use crate::text::span::Span;

    fn bind(header: &str, arguments: &[Option<&str>]) -> Result<String, String> {
        let source = format!("def f({header}): pass");
        let shape = shape(&source, Span::new(0, source.len() as u32)).unwrap();
        let ShapeKind::Function { signature, .. } = shape.kind else { panic!("a function") };
        let bound = signature.bind(arguments)?;
        let word = |bound: &Bound| match bound {
            Bound::Argument(at) => at.to_string(),
            Bound::Default => "-".to_owned(),
            Bound::Rest(rest) => format!("{rest:?}"),
        };
        Ok(bound.iter().map(|(name, bound)| format!("{name}={}", word(bound))).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn by_place_by_name_and_by_default() {
        assert_eq!(bind("a, b=1, *, c=2", &[None, Some("c")]), Ok("a=0 b=- c=1".to_owned()));
        assert_eq!(bind("a, b", &[Some("b"), Some("a")]), Ok("a=1 b=0".to_owned()));
        assert_eq!(bind("a, /, *rest, k=1, **named", &[None, None, Some("a")]), Ok("a=0 k=- rest=[1] named=[2]".to_owned()));
    }

    #[test]
    fn calls_that_fail() {
        assert_eq!(bind("a", &[None, None]), Err("takes 1 positional argument".to_owned()));
        assert_eq!(bind("a", &[]), Err("missing the argument `a`".to_owned()));
        assert_eq!(bind("a", &[None, Some("a")]), Err("got multiple values for argument `a`".to_owned()));
        assert_eq!(bind("a, /", &[Some("a")]), Err("got an unexpected keyword argument `a`".to_owned()));
        assert_eq!(bind("*, k", &[None]), Err("takes 0 positional arguments".to_owned()));
    }
}
