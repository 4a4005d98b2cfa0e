package main

// Removal of the bridge that a node's pods were joined to: one message to the kernel (rtnetlink(7)), so that no tool must be
// installed for it.

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"syscall"
)

func removeLink(name string) error {
	link, err := net.InterfaceByName(name)
	if err != nil {
		// The bridge is made with the first pod.
		return nil
	}
	socket, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, syscall.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer syscall.Close(socket)
	if err := syscall.Sendto(socket, deleteLink(link.Index), 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, os.Getpagesize())
	n, _, err := syscall.Recvfrom(socket, answer, 0)
	if err != nil {
		return err
	}
	messages, err := syscall.ParseNetlinkMessage(answer[:n])
	if err != nil {
		return err
	}
	for _, message := range messages {
		if message.Header.Type == syscall.NLMSG_ERROR && len(message.Data) >= 4 {
			if code := int32(binary.NativeEndian.Uint32(message.Data)); code != 0 {
				return fmt.Errorf("failed to remove the bridge %s: %w", name, syscall.Errno(-code))
			}
		}
	}
	return nil
}

// deleteLink is an nlmsghdr and an ifinfomsg that names the link by its index alone.
func deleteLink(index int) []byte {
	message := make([]byte, syscall.SizeofNlMsghdr+syscall.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(message[0:], uint32(len(message)))
	binary.NativeEndian.PutUint16(message[4:], syscall.RTM_DELLINK)
	binary.NativeEndian.PutUint16(message[6:], syscall.NLM_F_REQUEST|syscall.NLM_F_ACK)
	binary.NativeEndian.PutUint32(message[syscall.SizeofNlMsghdr+4:], uint32(index))
	return message
}
