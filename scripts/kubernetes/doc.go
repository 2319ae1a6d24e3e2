// Package kubernetes holds the manifests of a sweep as an indexed Job; its tests check them.
package kubernetes
