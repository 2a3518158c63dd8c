//! Lists of parameters.

use super::{ToValue, Value};

/// The values of a statement's parameters, in their order.
pub(crate) trait Params {
    /// Returns the number of parameters.
    fn len(&self) -> usize;

    /// Returns the value of the parameter with this index, from 0.
    fn value(&self, index: usize) -> Value<'_>;
}

impl Params for &[&dyn ToValue] {
    fn len(&self) -> usize {
        <[_]>::len(self)
    }

    fn value(&self, index: usize) -> Value<'_> {
        self[index].to_value()
    }
}

impl Params for [&dyn ToValue; 0] {
    fn len(&self) -> usize {
        0
    }

    fn value(&self, _: usize) -> Value<'_> {
        Value::Null
    }
}

macro_rules! arrays {
    ($($length:literal),+) => {
        $(impl<T: ToValue> Params for [T; $length] {
            fn len(&self) -> usize {
                $length
            }

            fn value(&self, index: usize) -> Value<'_> {
                self[index].to_value()
            }
        })+
    };
}
arrays!(1, 2, 3, 4);
