//! The fixed texts of entries as small numbers: an entry holds two of them, and a run has millions of entries.

/// A hash of a text that its numbers stand for; see `log`.
pub(super) type Fold = u64;

/// Every fixed text that entries have had so far, each once.
#[derive(Clone, Debug, Default)]
pub(super) struct Vocabulary {
    texts: Vec<(&'static str, Fold)>,
    /// Open addressing by where a text lies in the program: the same word of the source is found without reading it.
    places: Vec<Option<(Place, u16)>>,
    used: usize,
}

/// Where a text lies, and its length. Differs from run to run, and so decides nothing but where we look first.
type Place = (usize, usize);

impl Vocabulary {
    /// The number of a text; `fold` is called for one that is new.
    pub fn number(&mut self, text: &'static str, fold: impl Fn(&str) -> Fold) -> u16 {
        let place = (text.as_ptr() as usize, text.len());
        let mut at = self.first_look(place);
        while let Some(found) = self.places.get(at) {
            match found {
                Some((known, number)) if *known == place => return *number,
                Some(_) => at = (at + 1) & (self.places.len() - 1),
                None => break,
            }
        }
        // The same text may lie in several places of a program.
        let known = self.texts.iter().position(|(known, _)| *known == text);
        let number = known.unwrap_or_else(|| {
            self.texts.push((text, fold(text)));
            self.texts.len() - 1
        });
        let number = u16::try_from(number).expect("a program has fewer than 2^16 fixed texts for entries");
        self.remember(place, number);
        number
    }

    /// The text of a number.
    pub fn text(&self, number: u16) -> &'static str {
        self.texts[usize::from(number)].0
    }

    /// The hash of a number's text.
    pub fn fold(&self, number: u16) -> Fold {
        self.texts[usize::from(number)].1
    }

    fn first_look(&self, (address, len): Place) -> usize {
        let mixed = ((address as u64) ^ (len as u64) << 48).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 40) as usize & self.places.len().wrapping_sub(1)
    }

    fn remember(&mut self, place: Place, number: u16) {
        if (self.used + 1) * 2 > self.places.len() {
            let size = (self.places.len() * 2).max(64);
            let old = std::mem::replace(&mut self.places, vec![None; size]);
            self.used = 0;
            old.into_iter().flatten().for_each(|(place, number)| self.remember(place, number));
        }
        let mut at = self.first_look(place);
        while self.places[at].is_some() {
            at = (at + 1) & (self.places.len() - 1);
        }
        self.places[at] = Some((place, number));
        self.used += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_number_wherever_it_lies() {
        let mut words = Vocabulary::default();
        let fold = |text: &str| text.len() as u64;
        let ready = words.number("Ready", fold);
        let other_place: &'static str = String::from("Ready").leak();
        assert_eq!(words.number(other_place, fold), ready);
        let many: Vec<&'static str> = (0..500).map(|number| &*format!("word {number}").leak()).collect();
        let numbers: Vec<u16> = many.iter().map(|text| words.number(text, fold)).collect();
        for (text, number) in many.iter().zip(numbers) {
            assert_eq!(words.number(text, fold), number);
            assert_eq!((words.text(number), words.fold(number)), (*text, text.len() as u64));
        }
        assert_eq!(words.number("Ready", fold), ready);
    }
}
