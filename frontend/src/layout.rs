//! Layout observation: changes of an element's content and size.

use std::any::Any;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, MutationObserver, MutationObserverInit, ResizeObserver};

/// The observers of an element, disconnected on drop.
struct Watch {
    changes: Option<MutationObserver>,
    sizes: Option<ResizeObserver>,
    _call: Closure<dyn FnMut()>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(changes) = &self.changes {
            changes.disconnect();
        }
        if let Some(sizes) = &self.sizes {
            sizes.disconnect();
        }
    }
}

/// Calls back when the content or the size of an element has changed, before the next paint: at once for a change of
/// content, after the layout for a new size, which may follow from late pictures, fonts or the window.
pub(crate) fn watch(element: &Element, call: Box<dyn Fn()>) -> Box<dyn Any> {
    let call: Rc<dyn Fn()> = call.into();
    let call = Closure::<dyn FnMut()>::new(move || call());
    let function = call.as_ref().unchecked_ref();
    let changes = MutationObserver::new(function).ok();
    if let Some(changes) = &changes {
        let what = MutationObserverInit::new();
        what.set_child_list(true);
        what.set_subtree(true);
        what.set_character_data(true);
        // An error would mean that no kind of change was requested.
        let _ = changes.observe_with_options(element, &what);
    }
    let sizes = ResizeObserver::new(function).ok();
    if let Some(sizes) = &sizes {
        sizes.observe(element);
    }
    Box::new(Watch { changes, sizes, _call: call })
}
