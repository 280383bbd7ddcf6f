// Package main is the node half of the lab's zonal volumes: a CSI driver that a real kubelet registers, and that mounts
// the folders of its zone as a cloud's driver mounts disks. It attaches nothing: that is the volumes process of the lab.
package main

import (
	"context"
	"flag"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

func main() {
	driver := &driver{}
	socket := flag.String("socket", "", "socket in the folder where the kubelet looks for plugins")
	flag.StringVar(&driver.name, "driver", "", "name of the CSI driver")
	flag.StringVar(&driver.node, "node", "", "name of the node")
	flag.StringVar(&driver.zone, "zone", "", "zone of the node")
	flag.StringVar(&driver.disks, "disks", "", "folder of the zone's disks")
	flag.Parse()
	if err := serve(*socket, driver); err != nil {
		log.Fatal(err)
	}
}

// One socket for both: the kubelet finds the registration there, and is told that the driver is there as well.
func serve(socket string, driver *driver) error {
	if err := os.MkdirAll(filepath.Dir(socket), 0o750); err != nil {
		return err
	}
	// Of a process that was killed.
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		return err
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(logged))
	registration.RegisterRegistrationServer(server, &registrar{name: driver.name, endpoint: socket})
	csi.RegisterIdentityServer(server, driver)
	csi.RegisterNodeServer(server, driver)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-signals
		server.Stop()
	}()
	return server.Serve(listener)
}

func logged(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	answer, err := handle(ctx, request)
	if volume, ok := request.(interface{ GetVolumeId() string }); ok {
		if err != nil {
			log.Printf("%s %s: error: %v", filepath.Base(info.FullMethod), volume.GetVolumeId(), err)
		} else {
			log.Printf("%s %s", filepath.Base(info.FullMethod), volume.GetVolumeId())
		}
	}
	return answer, err
}

type registrar struct {
	registration.UnimplementedRegistrationServer
	name, endpoint string
}

func (r *registrar) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{
		Type:              registration.CSIPlugin,
		Name:              r.name,
		Endpoint:          r.endpoint,
		SupportedVersions: []string{"1.0.0"},
	}, nil
}

func (r *registrar) NotifyRegistrationStatus(
	_ context.Context, status *registration.RegistrationStatus,
) (*registration.RegistrationStatusResponse, error) {
	if status.GetPluginRegistered() {
		log.Print("registered")
	} else {
		log.Printf("error: the kubelet does not register the driver: %s", status.GetError())
	}
	return &registration.RegistrationStatusResponse{}, nil
}
