//! Where the packets of the host stack are.
//!
//! On a board in a static pool. A host stack that ends, as with its controller, never gives back the packets that it
//! still had; a board is reset then. A process that is to outlive its controllers has packets on its heap instead.

#[cfg(any(feature = "central", feature = "heap"))]
pub use heap::HeapPackets;

#[cfg(feature = "heap")]
pub(super) type Packets = HeapPackets;
#[cfg(not(feature = "heap"))]
pub(super) type Packets = trouble_host::prelude::DefaultPacketPool;

#[cfg(any(feature = "central", feature = "heap"))]
mod heap {
    use alloc::boxed::Box;

    use trouble_host::{Packet, PacketPool};

    /// As many octets as a packet of Bluetooth Low Energy has at most.
    const MTU: usize = 251;

    /// Packets on the heap.
    #[derive(Debug)]
    pub struct HeapPackets;

    /// A packet on the heap.
    #[derive(Debug)]
    pub struct HeapPacket(Box<[u8; MTU]>);

    impl AsRef<[u8]> for HeapPacket {
        fn as_ref(&self) -> &[u8] {
            self.0.as_ref()
        }
    }

    impl AsMut<[u8]> for HeapPacket {
        fn as_mut(&mut self) -> &mut [u8] {
            self.0.as_mut()
        }
    }

    impl Packet for HeapPacket {}

    impl PacketPool for HeapPackets {
        type Packet = HeapPacket;
        const MTU: usize = MTU;

        fn allocate() -> Option<HeapPacket> {
            Some(HeapPacket(Box::new([0; MTU])))
        }

        fn capacity() -> usize {
            trouble_host::config::DEFAULT_PACKET_POOL_SIZE
        }
    }
}
