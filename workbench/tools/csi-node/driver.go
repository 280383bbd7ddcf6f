package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const zoneKey = "topology.kubernetes.io/zone"

// Under this name the attacher says where a disk is, as EBS names a device.
const devicePath = "devicePath"

// The kernel writes what would break its columns as octal numbers.
var unescaped = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

type driver struct {
	csi.UnimplementedIdentityServer
	csi.UnimplementedNodeServer
	name, node, zone, disks string
}

func (d *driver) GetPluginInfo(context.Context, *csi.GetPluginInfoRequest) (*csi.GetPluginInfoResponse, error) {
	return &csi.GetPluginInfoResponse{Name: d.name, VendorVersion: "1.0.0"}, nil
}

func (d *driver) GetPluginCapabilities(
	context.Context, *csi.GetPluginCapabilitiesRequest,
) (*csi.GetPluginCapabilitiesResponse, error) {
	return &csi.GetPluginCapabilitiesResponse{}, nil
}

func (d *driver) Probe(context.Context, *csi.ProbeRequest) (*csi.ProbeResponse, error) {
	return &csi.ProbeResponse{}, nil
}

func (d *driver) NodeGetInfo(context.Context, *csi.NodeGetInfoRequest) (*csi.NodeGetInfoResponse, error) {
	topology := &csi.Topology{Segments: map[string]string{zoneKey: d.zone}}
	return &csi.NodeGetInfoResponse{NodeId: d.node, AccessibleTopology: topology}, nil
}

func (d *driver) NodeGetCapabilities(
	context.Context, *csi.NodeGetCapabilitiesRequest,
) (*csi.NodeGetCapabilitiesResponse, error) {
	answer := &csi.NodeGetCapabilitiesResponse{}
	for _, kind := range []csi.NodeServiceCapability_RPC_Type{
		csi.NodeServiceCapability_RPC_STAGE_UNSTAGE_VOLUME,
		csi.NodeServiceCapability_RPC_EXPAND_VOLUME,
	} {
		answer.Capabilities = append(answer.Capabilities, &csi.NodeServiceCapability{
			Type: &csi.NodeServiceCapability_Rpc{Rpc: &csi.NodeServiceCapability_RPC{Type: kind}},
		})
	}
	return answer, nil
}

func (d *driver) NodeStageVolume(
	_ context.Context, request *csi.NodeStageVolumeRequest,
) (*csi.NodeStageVolumeResponse, error) {
	device := request.GetPublishContext()[devicePath]
	// As on a machine of a cloud: what is not attached is not there.
	if filepath.Dir(device) != d.disks {
		return nil, status.Errorf(codes.NotFound, "%s is not attached to %s", request.GetVolumeId(), d.node)
	}
	if err := bind(device, request.GetStagingTargetPath(), false); err != nil {
		return nil, status.Errorf(codes.Internal, "stage %s: %v", request.GetVolumeId(), err)
	}
	return &csi.NodeStageVolumeResponse{}, nil
}

func (d *driver) NodeUnstageVolume(
	_ context.Context, request *csi.NodeUnstageVolumeRequest,
) (*csi.NodeUnstageVolumeResponse, error) {
	if err := unmount(request.GetStagingTargetPath()); err != nil {
		return nil, status.Errorf(codes.Internal, "unstage %s: %v", request.GetVolumeId(), err)
	}
	return &csi.NodeUnstageVolumeResponse{}, nil
}

func (d *driver) NodePublishVolume(
	_ context.Context, request *csi.NodePublishVolumeRequest,
) (*csi.NodePublishVolumeResponse, error) {
	staged, target := request.GetStagingTargetPath(), request.GetTargetPath()
	if !mounted(staged) {
		return nil, status.Errorf(codes.FailedPrecondition, "%s is not staged", request.GetVolumeId())
	}
	if err := bind(staged, target, request.GetReadonly()); err != nil {
		return nil, status.Errorf(codes.Internal, "publish %s: %v", request.GetVolumeId(), err)
	}
	return &csi.NodePublishVolumeResponse{}, nil
}

func (d *driver) NodeUnpublishVolume(
	_ context.Context, request *csi.NodeUnpublishVolumeRequest,
) (*csi.NodeUnpublishVolumeResponse, error) {
	target := request.GetTargetPath()
	err := unmount(target)
	if err == nil {
		// Never with its content: were it still a disk's, it would be an engine's log.
		err = os.Remove(target)
	}
	if err != nil && !os.IsNotExist(err) {
		return nil, status.Errorf(codes.Internal, "unpublish %s: %v", request.GetVolumeId(), err)
	}
	return &csi.NodeUnpublishVolumeResponse{}, nil
}

// A folder has no size: there is nothing to grow, but only what is mounted can be asked to.
func (d *driver) NodeExpandVolume(
	_ context.Context, request *csi.NodeExpandVolumeRequest,
) (*csi.NodeExpandVolumeResponse, error) {
	if !mounted(request.GetVolumePath()) {
		return nil, status.Errorf(codes.NotFound, "%s is not mounted at %s", request.GetVolumeId(), request.GetVolumePath())
	}
	return &csi.NodeExpandVolumeResponse{CapacityBytes: request.GetCapacityRange().GetRequiredBytes()}, nil
}

func bind(source, target string, readonly bool) error {
	if err := os.MkdirAll(target, 0o750); err != nil {
		return err
	}
	if mounted(target) {
		return nil
	}
	if err := syscall.Mount(source, target, "", syscall.MS_BIND, ""); err != nil || !readonly {
		return err
	}
	// The kernel takes "read-only" for a bind mount only in a second call.
	return syscall.Mount("", target, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, "")
}

// More than one mount may lie at the same place.
func unmount(target string) error {
	for mounted(target) {
		if err := syscall.Unmount(target, 0); err != nil {
			return err
		}
	}
	return nil
}

func mounted(target string) bool {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(table)) {
		if fields := strings.Fields(line); len(fields) > 4 && unescaped.Replace(fields[4]) == target {
			return true
		}
	}
	return false
}
