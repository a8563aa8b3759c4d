"""Bumble's controllers, as a host stack that is not Bumble's needs them."""

import asyncio

from bumble import controller as controllers
from bumble import hci
from bumble.controller import Controller

ACL_OCTETS = 251


def mend():
    """Bumble's controller takes small packets only, sends whole ones, and from whatever its address is just now."""
    Controller.le_acl_data_packet_length = ACL_OCTETS

    def on_link_acl_data(self, sender_address, _transport, data):
        connection = self.le_connections.get(sender_address)
        if connection is None:
            return
        for begin in range(0, len(data), ACL_OCTETS):
            part = data[begin : begin + ACL_OCTETS]
            first = 2 if begin == 0 else 1
            self.send_hci_packet(hci.HCI_AclDataPacket(connection.handle, first, 0, len(part), part))

    def on_acl_pdu(self, pdu):
        peer = self.link.find_le_controller(self.peer_address)
        if peer is not None:
            loop = asyncio.get_running_loop()
            loop.call_soon(peer.on_link_acl_data, self.self_address, self.transport, pdu)

    Controller.on_link_acl_data = on_link_acl_data
    controllers.Connection.on_acl_pdu = on_acl_pdu
