//! The interrupts of the machine, none of which has a handler: they stay masked, and one that is pending ends a sleep.
//!
//! Without this the table has room for all 240 that a Cortex-M4 can have.

/// Interrupts of the AN386, as QEMU has it.
const INTERRUPTS: usize = 32;

unsafe extern "C" {
    fn DefaultHandler();
}

// SAFETY: the section and the name are those by which cortex-m-rt takes this part of the vector table.
#[unsafe(link_section = ".vector_table.interrupts")]
// SAFETY: as above.
#[unsafe(no_mangle)]
static __INTERRUPTS: [unsafe extern "C" fn(); INTERRUPTS] = [DefaultHandler; INTERRUPTS];
