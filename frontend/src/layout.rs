use std::any::Any;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, MutationObserver, MutationObserverInit, ResizeObserver};

/// Calls back after an element has changed, until it is dropped.
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

/// Watches what an element holds and how large it is. Both are told before the next paint: what is put in or taken away
/// at once, a size that follows from late pictures, fonts or the window after the layout.
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
        // An error would mean that nothing was asked for.
        let _ = changes.observe_with_options(element, &what);
    }
    let sizes = ResizeObserver::new(function).ok();
    if let Some(sizes) = &sizes {
        sizes.observe(element);
    }
    Box::new(Watch { changes, sizes, _call: call })
}
