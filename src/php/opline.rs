//! The instruction that the engine is at.

use ext_php_rs::ffi::{self, IS_OBJECT, zend_execute_data, zend_op, zval};

use super::operation::Operator;
use super::zend::{self, Value};

/// The instruction that runs, where it is one of user code.
#[derive(Clone, Copy)]
pub struct Opline {
    frame: *mut zend_execute_data,
    op: *const zend_op,
}

impl Opline {
    /// The instruction that the engine is at, if user code is what runs.
    pub fn current() -> Option<Self> {
        // SAFETY: the engine keeps the frame that runs.
        unsafe { Self::of((*zend::executor()).current_execute_data) }
    }

    /// The instruction that a frame is at, if it is one of user code.
    ///
    /// # Safety
    /// `frame` is null or one of the engine's frames.
    pub unsafe fn of(frame: *mut zend_execute_data) -> Option<Self> {
        // SAFETY: the caller promises null or a frame of the engine, which keeps its instruction.
        unsafe {
            if frame.is_null()
                || (*frame).func.is_null()
                || u32::from((*(*frame).func).type_) == ffi::ZEND_INTERNAL_FUNCTION
            {
                return None;
            }
            let op = (*frame).opline;
            (!op.is_null()).then_some(Self { frame, op })
        }
    }

    /// Whether it is the beginning of `foreach ($x as &$value)`.
    pub fn loops_by_reference(&self) -> bool {
        self.code() == ffi::ZEND_FE_RESET_RW
    }

    pub fn op(&self) -> &zend_op {
        // SAFETY: an instruction of the code that runs.
        unsafe { &*self.op }
    }

    /// Which instruction it is.
    pub fn code(&self) -> u32 {
        u32::from(self.op().opcode)
    }

    /// The variable of this frame at an offset.
    ///
    /// # Safety
    /// The running function has a variable at that offset.
    pub unsafe fn variable(&self, offset: u32) -> *mut zval {
        // SAFETY: callers pass an offset that the compiler made for this frame.
        unsafe { self.frame.cast::<u8>().add(offset as usize).cast() }
    }

    /// The value that `$x->n += value` adds: it stands in the instruction that follows.
    ///
    /// # Safety
    /// The running instruction is a compound operator.
    pub unsafe fn operand(&self) -> Option<*mut zval> {
        // SAFETY: the caller promises such an instruction; the data's offsets are the compiler's, for this frame.
        unsafe {
            let data = self.data();
            let value = match u32::from(data.op1_type) {
                ffi::IS_CONST => {
                    self.op.add(1).cast::<u8>().offset(data.op1.constant as i32 as isize).cast_mut().cast()
                }
                ffi::IS_TMP_VAR | ffi::IS_VAR | ffi::IS_CV => self.variable(data.op1.var),
                _ => return None,
            };
            Some(zend::deref(value))
        }
    }

    /// The instruction that follows, which carries the data of this one.
    ///
    /// # Safety
    /// The running instruction is a compound operator, or assigns to a property.
    unsafe fn data(&self) -> &zend_op {
        // SAFETY: an instruction of these kinds is followed by one that carries its data.
        unsafe { &*self.op.add(1) }
    }

    /// Whether it is an assignment to a property whose result is used, and the variable that had its value, at `value`, has another one by
    /// now, or none: the engine would look there again. `held`: that value. (Values that are in no variable stay where they are.)
    pub fn has_lost_its_value(&self, value: *mut zval, held: &Value) -> bool {
        if self.code() != ffi::ZEND_ASSIGN_OBJ || u32::from(self.op().result_type) == ffi::IS_UNUSED {
            return false;
        }
        // SAFETY: an assignment to a property, whose data is in a variable of this frame if it says so.
        unsafe {
            let data = self.data();
            if u32::from(data.op1_type) != ffi::IS_CV {
                return false;
            }
            let now = zend::deref(self.variable(data.op1.var));
            !std::ptr::eq(now, value) || !Value::from_ptr(now).is_same(held)
        }
    }

    /// Whether the property that it is about is named by a constant.
    pub fn names_by_constant(&self) -> bool {
        u32::from(self.op().op2_type) == ffi::IS_CONST
    }

    /// Whether the variable that it takes an object from holds none any more: the engine would look
    /// at it again.
    pub fn has_lost_its_object(&self) -> bool {
        let op = self.op();
        // SAFETY: an operand that is a variable of this frame.
        u32::from(op.op1_type) == ffi::IS_CV
            && unsafe { zend::kind(zend::deref(self.variable(op.op1.var))) != IS_OBJECT }
    }

    /// The operator of a direct operation on a property or element; `None` if it is no such operation.
    pub fn operator(&self) -> Option<Operator> {
        match self.code() {
            ffi::ZEND_PRE_INC_OBJ | ffi::ZEND_PRE_INC => Some(Operator::Increment { give_old: false }),
            ffi::ZEND_POST_INC_OBJ | ffi::ZEND_POST_INC => Some(Operator::Increment { give_old: true }),
            ffi::ZEND_PRE_DEC_OBJ | ffi::ZEND_PRE_DEC => Some(Operator::Decrement { give_old: false }),
            ffi::ZEND_POST_DEC_OBJ | ffi::ZEND_POST_DEC => Some(Operator::Decrement { give_old: true }),
            ffi::ZEND_ASSIGN_OBJ_OP | ffi::ZEND_ASSIGN_DIM_OP => Some(Operator::Binary(self.op().extended_value)),
            _ => None,
        }
    }
}
